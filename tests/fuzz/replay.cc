// Runs a target over the files of its corpus, one by one, without libFuzzer. Arguments: files and
// directories. Fails if there is nothing to run.
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>

#include "tests/fuzz/fuzz.h"

namespace fs = std::filesystem;

int main(int argc, char** argv) {
  std::vector<fs::path> inputs;
  for (int i = 1; i < argc; ++i) {
    fs::path const path = argv[i];
    if (!fs::is_directory(path)) {
      inputs.push_back(path);
      continue;
    }
    for (auto const& entry : fs::directory_iterator(path)) inputs.push_back(entry.path());
  }
  std::ranges::sort(inputs);
  for (auto const& path : inputs) {
    std::ifstream file(path, std::ios::binary);
    solidaires::Bytes const bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file) {
      std::cerr << path << " cannot be read\n";
      return 1;
    }
    // A crash says which input it was: the last one named.
    std::cout << path.filename().string() << ": " << bytes.size() << " bytes" << std::endl;
    LLVMFuzzerTestOneInput(reinterpret_cast<std::uint8_t const*>(bytes.data()), bytes.size());
  }
  std::cout << inputs.size() << " inputs\n";
  return inputs.empty() ? 1 : 0;
}
