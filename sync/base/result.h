// Result<T>: a value, or an Error with a closed Code and a message that grows context on its way
// up. The one idiom for errors in the whole program; exceptions are caught where a library throws
// them. Plain values: any thread, no ownership beyond themselves.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <utility>

namespace solidaires {

// What went wrong, in the words a caller can act on. Not persisted.
enum class Code {
  invalid,          // the input breaks a rule; the message says which and what to do
  not_found,        // the named thing is not here
  conflict,         // the state has changed since the caller looked, or the thing exists already
  denied,           // known, but not allowed
  unauthenticated,  // not known
  exhausted,        // a limit (size, rate, disk) is reached
  busy,             // in use by somebody else; trying later may help
  unavailable,      // cannot be reached now; trying later may help
  timeout,          // the deadline passed
  unsupported,      // a version or form that this program does not speak
  corrupt,          // stored or received bytes are not what they must be
  io,               // the operating system said no
  internal,         // none of the above: a bug, or a library's surprise
};

[[nodiscard]] std::string_view code_name(Code code) noexcept;

class Error {
 public:
  Error(Code code, std::string message) : code_(code), message_(std::move(message)) {}

  [[nodiscard]] Code code() const noexcept { return code_; }
  // For people who run the program; English, no personal data.
  [[nodiscard]] std::string const& message() const noexcept { return message_; }
  // "opening the store: the lock is held": `where` is put in front, the code stays.
  [[nodiscard]] Error in(std::string_view where) &&;
  // "busy: opening the store: the lock is held"
  [[nodiscard]] std::string to_string() const;

  friend bool operator==(Error const&, Error const&) = default;

 private:
  Code code_;
  std::string message_;
};

template <class T = void>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using std::expected<T, Error>::expected;
};

[[nodiscard]] inline std::unexpected<Error> fail(Code code, std::string message) {
  return std::unexpected<Error>(Error(code, std::move(message)));
}

}  // namespace solidaires

#define SOL_JOIN_(a, b) a##b
#define SOL_JOIN(a, b) SOL_JOIN_(a, b)

// SOL_TRY(expression): returns the error of a Result to the caller, if it has one.
#define SOL_TRY(expression)                                                        \
  do {                                                                             \
    if (auto sol_result_ = (expression); !sol_result_) [[unlikely]]                \
      return std::unexpected<::solidaires::Error>(std::move(sol_result_).error()); \
  } while (false)

// SOL_ASSIGN(auto value, expression): the value of a Result, or returns its error to the caller.
#define SOL_ASSIGN(declaration, expression)                  \
  auto SOL_JOIN(sol_result_, __LINE__) = (expression);       \
  if (!SOL_JOIN(sol_result_, __LINE__)) [[unlikely]]         \
    return std::unexpected<::solidaires::Error>(             \
        std::move(SOL_JOIN(sol_result_, __LINE__)).error()); \
  declaration = *std::move(SOL_JOIN(sol_result_, __LINE__))
