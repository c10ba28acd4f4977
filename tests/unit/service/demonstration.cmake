# The demonstration contents have a test program of their own: it reads deploy/demo.
solidaires_test(demonstration_test LABEL unit
  SOURCES "${CMAKE_CURRENT_LIST_DIR}/demonstration_test.cc"
  DEPENDS service
  LIBRARIES Boost::json)
target_compile_definitions(demonstration_test PRIVATE
  SCHEMA_DIRECTORY="${PROJECT_SOURCE_DIR}/schema"
  DEMONSTRATION_DIRECTORY="${PROJECT_SOURCE_DIR}/deploy/demo"
  SOLIDAIRES_GEOGRAPHY_DIR="${CMAKE_BINARY_DIR}/share/geography")
add_dependencies(demonstration_test geography_gazetteer)
