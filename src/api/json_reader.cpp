#include "api/json_reader.h"

#include <boost/json/basic_parser_impl.hpp>

#include <algorithm>
#include <array>

namespace dibs::api::json {
namespace {

using boost::json::error_code;

/// The front of a name that somebody sent, cut between characters.
std::string clipped(std::string_view name) {
  constexpr std::size_t kShown = 64;
  if (name.size() <= kShown) return std::string(name);
  std::size_t size = kShown;
  while (size > 0 && (static_cast<unsigned char>(name[size]) & 0xc0U) == 0x80U) --size;
  return std::string(name.substr(0, size)) + "…";
}

/// What basic_parser tells, folded into a Document. Returning false ends the parse.
class Builder {
 public:
  // NOLINTBEGIN(readability-identifier-naming): basic_parser asks for these names
  static constexpr std::size_t max_object_size = kMembersMax;
  static constexpr std::size_t max_array_size = 4'096;  // a body of 16 KiB holds no more of ours
  static constexpr std::size_t max_key_size = 1'024;
  static constexpr std::size_t max_string_size = 16'384;
  // NOLINTEND(readability-identifier-naming)

  void reset(Document* document) {
    document_ = document;
    document_->nodes.clear();
    document_->bytes.clear();
    complaint_.clear();
    depth_ = 0;
    have_key_ = false;
    part_ = 0;
  }
  [[nodiscard]] const std::string& complaint() const { return complaint_; }

  bool on_document_begin(error_code& /*ec*/) { return true; }
  bool on_document_end(error_code& /*ec*/) { return true; }

  bool on_object_begin(error_code& ec) { return open(Kind::object, ec); }
  bool on_object_end(std::size_t /*n*/, error_code& /*ec*/) { return shut(); }
  bool on_array_begin(error_code& ec) { return open(Kind::array, ec); }
  bool on_array_end(std::size_t /*n*/, error_code& /*ec*/) { return shut(); }

  bool on_key_part(std::string_view s, std::size_t /*n*/, error_code& /*ec*/) { return part(s); }
  bool on_key(std::string_view s, std::size_t /*n*/, error_code& ec) {
    part(s);
    key_size_ = static_cast<std::uint32_t>(part_);
    key_at_ = static_cast<std::uint32_t>(document_->bytes.size() - part_);
    part_ = 0;
    have_key_ = true;
    return is_new_key(ec);
  }

  bool on_string_part(std::string_view s, std::size_t /*n*/, error_code& /*ec*/) { return part(s); }
  bool on_string(std::string_view s, std::size_t /*n*/, error_code& /*ec*/) {
    part(s);
    Node& node = add(Kind::text);
    node.text_size = static_cast<std::uint32_t>(part_);
    node.text_at = static_cast<std::uint32_t>(document_->bytes.size() - part_);
    part_ = 0;
    return true;
  }

  bool on_number_part(std::string_view /*s*/, error_code& /*ec*/) { return true; }
  bool on_int64(std::int64_t value, std::string_view s, error_code& /*ec*/) {
    add(s.starts_with("-0") ? Kind::odd_number : Kind::integer).integer = value;
    return true;
  }
  // Beyond 2^63 or not whole: no member of ours takes it.
  bool on_uint64(std::uint64_t /*value*/, std::string_view /*s*/, error_code& /*ec*/) {
    add(Kind::odd_number);
    return true;
  }
  bool on_double(double /*value*/, std::string_view /*s*/, error_code& /*ec*/) {
    add(Kind::odd_number);
    return true;
  }
  bool on_bool(bool value, error_code& /*ec*/) {
    add(Kind::boolean).boolean = value;
    return true;
  }
  bool on_null(error_code& /*ec*/) {
    add(Kind::null);
    return true;
  }
  bool on_comment_part(std::string_view /*s*/, error_code& /*ec*/) { return false; }
  bool on_comment(std::string_view /*s*/, error_code& /*ec*/) { return false; }

 private:
  Node& add(Kind kind) {
    Node node;
    node.kind = kind;
    if (have_key_) {
      node.key_at = key_at_;
      node.key_size = key_size_;
      have_key_ = false;
    }
    node.end = static_cast<std::uint32_t>(document_->nodes.size() + 1);
    return document_->nodes.emplace_back(node);
  }

  bool part(std::string_view s) {
    document_->bytes.append(s);
    part_ += s.size();
    return true;
  }

  bool open(Kind kind, error_code& ec) {
    if (depth_ == kDepthMax) return refuse("it is nested too deeply", ec);
    open_.at(depth_++) = static_cast<std::uint32_t>(document_->nodes.size());
    add(kind);
    return true;
  }

  bool shut() {
    Node& node = document_->nodes.at(open_.at(--depth_));
    node.end = static_cast<std::uint32_t>(document_->nodes.size());
    return true;
  }

  bool is_new_key(error_code& ec) {
    const auto& nodes = document_->nodes;
    const auto name = std::string_view(document_->bytes).substr(key_at_, key_size_);
    for (std::size_t i = open_.at(depth_ - 1) + 1; i < nodes.size(); i = nodes[i].end) {
      if (document_->key(nodes[i]) == name) {
        return refuse("the member " + clipped(name) + " is there twice", ec);
      }
    }
    return true;
  }

  bool refuse(std::string what, error_code& ec) {
    complaint_ = std::move(what);
    ec = boost::json::make_error_code(boost::json::error::exception);
    return false;
  }

  Document* document_ = nullptr;
  std::string complaint_;
  std::array<std::uint32_t, kDepthMax> open_{};  ///< the containers now open
  std::size_t depth_ = 0;
  bool have_key_ = false;
  std::uint32_t key_at_ = 0, key_size_ = 0;
  std::size_t part_ = 0;  ///< bytes of the key or text now being read
};

boost::json::parse_options strict() {
  boost::json::parse_options options;
  options.max_depth = kDepthMax + 1;  // the builder counts; this is the second net
  return options;
}

}  // namespace

std::optional<std::string> parse(std::string_view body, Document& document) {
  // One parser a thread: it keeps its memory between requests.
  thread_local boost::json::basic_parser<Builder> parser(strict());
  parser.reset();
  parser.handler().reset(&document);
  error_code ec;
  const std::size_t read = parser.write_some(false, body.data(), body.size(), ec);
  if (!parser.handler().complaint().empty()) return parser.handler().complaint();
  if (ec) return "it is not JSON: " + ec.message() + " at byte " + std::to_string(read);
  if (read != body.size()) return "something stands behind it at byte " + std::to_string(read);
  return std::nullopt;
}

std::vector<std::size_t> elements(const Document& document, const Node& array) {
  std::vector<std::size_t> found;
  const auto self = static_cast<std::size_t>(&array - document.nodes.data());
  for (std::size_t i = self + 1; i < array.end; i = document.nodes[i].end) found.push_back(i);
  return found;
}

ObjectReader::ObjectReader(const Document& document, std::size_t node, std::string path,
                           Complaint& complaint)
    : document_(document), node_(node), path_(std::move(path)), complaint_(complaint) {
  is_object_ = node_ < document_.nodes.size() && document_.nodes[node_].kind == Kind::object;
  if (!is_object_) {
    complaint_.note((path_.empty() ? std::string("the body") : path_) + " must be an object");
  }
}

std::string ObjectReader::path_of(std::string_view name) const {
  return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

void ObjectReader::note(std::string_view name, std::string_view rule) {
  complaint_.note(path_of(name) + " " + std::string(rule));
}

const Node* ObjectReader::find(std::string_view name) {
  if (!is_object_) return nullptr;
  if (asked_count_ < asked_.size()) asked_[asked_count_++] = name;
  const auto& nodes = document_.nodes;
  unsigned index = 0;
  for (std::size_t i = node_ + 1; i < nodes[node_].end; i = nodes[i].end, ++index) {
    if (document_.key(nodes[i]) != name) continue;
    known_ |= std::uint64_t{1} << index;
    return &nodes[i];
  }
  return nullptr;
}

const Node* ObjectReader::require(std::string_view name) {
  const Node* node = find(name);
  if (node == nullptr) note(name, "is missing");
  return node;
}

std::optional<std::int64_t> ObjectReader::integer(std::string_view name, std::int64_t min,
                                                  std::int64_t max) {
  const Node* node = find(name);
  if (node == nullptr) return std::nullopt;
  if (node->kind == Kind::integer && node->integer >= min && node->integer <= max) {
    return node->integer;
  }
  note(name, "must be " + std::to_string(min) + " to " + std::to_string(max) +
                 (node->kind == Kind::integer ? ""
                                              : ", a whole number without quotes, fraction or "
                                                "exponent"));
  return std::nullopt;
}

std::optional<bool> ObjectReader::boolean(std::string_view name) {
  const Node* node = find(name);
  if (node == nullptr) return std::nullopt;
  if (node->kind == Kind::boolean) return node->boolean;
  note(name, "must be true or false");
  return std::nullopt;
}

std::optional<std::string_view> ObjectReader::text(std::string_view name) {
  const Node* node = find(name);
  if (node == nullptr) return std::nullopt;
  if (node->kind == Kind::text) return document_.text(*node);
  note(name, "must be a text");
  return std::nullopt;
}

std::optional<std::string_view> ObjectReader::text(std::string_view name,
                                                   bool (*valid)(std::string_view),
                                                   std::string_view rule) {
  const auto value = text(name);
  if (!value || valid(*value)) return value;
  note(name, "must be " + std::string(rule));
  return std::nullopt;
}

void ObjectReader::finish() {
  if (!is_object_) return;
  const auto& nodes = document_.nodes;
  unsigned index = 0;
  for (std::size_t i = node_ + 1; i < nodes[node_].end; i = nodes[i].end, ++index) {
    if ((known_ & (std::uint64_t{1} << index)) != 0) continue;
    std::string rule = "is not a member here; those are ";
    for (std::size_t k = 0; k < asked_count_; ++k) {
      const auto before = asked_.begin() + static_cast<std::ptrdiff_t>(k);
      if (std::find(asked_.begin(), before, asked_[k]) != before) continue;
      rule.append(k == 0 ? "" : ", ").append(asked_[k]);
    }
    note(clipped(document_.key(nodes[i])), rule);
    return;
  }
}

}  // namespace dibs::api::json
