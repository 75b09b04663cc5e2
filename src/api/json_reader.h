#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// Strict JSON for request bodies. What it refuses that common parsers let pass: a member that
/// comes twice, a number with fraction or exponent (1e400 must not become infinity), -0, depth
/// over kDepthMax, invalid UTF-8, anything behind the value.
namespace dibs::api::json {

inline constexpr std::size_t kDepthMax = 8;
inline constexpr std::size_t kMembersMax = 64;  ///< of one object; four times what any of ours has

enum class Kind : std::uint8_t { null, boolean, integer, odd_number, text, object, array };

/// One value. Children follow their parent; `end` is the index behind the last of them.
struct Node {
  Kind kind = Kind::null;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint32_t key_at = 0, key_size = 0;    ///< in Document::bytes, for a member
  std::uint32_t text_at = 0, text_size = 0;  ///< in Document::bytes, for a text
  std::uint32_t end = 0;
};

/// A parsed body. Reuse one to reuse its memory.
struct Document {
  std::vector<Node> nodes;
  std::string bytes;  ///< unescaped keys and texts, one after another

  [[nodiscard]] std::string_view key(const Node& node) const {
    return std::string_view(bytes).substr(node.key_at, node.key_size);
  }
  [[nodiscard]] std::string_view text(const Node& node) const {
    return std::string_view(bytes).substr(node.text_at, node.text_size);
  }
};

/// Parses `body` into `document`, replacing what was there. What is wrong, as a sentence part
/// ("the member sku is there twice"), or nothing.
[[nodiscard]] std::optional<std::string> parse(std::string_view body, Document& document);

/// What is wrong with a body: the first thing found.
struct Complaint {
  std::string what;

  void note(std::string text) {
    if (what.empty()) what = std::move(text);
  }
  [[nodiscard]] bool any() const { return !what.empty(); }
};

/// Reads the members of one object by name. A member of the wrong kind or out of bounds is noted
/// with its path ("items[0].quantity must be 1 to 1000") and reads as missing. Views live as long
/// as the document.
class ObjectReader {
 public:
  /// Notes it when the node is not an object.
  ObjectReader(const Document& document, std::size_t node, std::string path, Complaint& complaint);

  /// The member's node, marked as known; null when it is missing. `null` counts as a value.
  const Node* find(std::string_view name);
  const Node* require(std::string_view name);

  std::optional<std::int64_t> integer(std::string_view name, std::int64_t min, std::int64_t max);
  std::optional<bool> boolean(std::string_view name);
  std::optional<std::string_view> text(std::string_view name);
  /// A text that passes `valid`, else "NAME must be RULE".
  std::optional<std::string_view> text(std::string_view name, bool (*valid)(std::string_view),
                                       std::string_view rule);

  /// Notes the first member that no call above has asked for. Call last.
  void finish();

  [[nodiscard]] std::string path_of(std::string_view name) const;
  void note(std::string_view name, std::string_view rule);

 private:
  const Document& document_;
  std::size_t node_;
  std::string path_;
  Complaint& complaint_;
  std::array<std::string_view, 32> asked_{};  ///< names asked for, to say which there are
  std::size_t asked_count_ = 0;
  std::uint64_t known_ = 0;  ///< bit n: the n-th member has been asked for
  bool is_object_ = false;
  static_assert(kMembersMax <= 64, "known_ has a bit for each member");
};

/// The indexes of an array's elements.
[[nodiscard]] std::vector<std::size_t> elements(const Document& document, const Node& array);

}  // namespace dibs::api::json
