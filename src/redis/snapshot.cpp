#include "redis/snapshot.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "redis/fields.h"
#include "redis/library.h"
#include "store/random_keys.h"

namespace dibs::redis {
namespace {

/// A snapshot that is exchanged while it is read has another that is whole; each exchange takes
/// many events.
constexpr int kReadsAtMost = 5;

std::string key_of(const SaleId& sale, std::string_view name) {
  return "dibs:{" + sale.value() + "}:" + std::string(name);
}

std::unexpected<Fault> damaged_snapshot(const SaleId& sale, const std::string& how) {
  return fault(FaultKind::corrupt,
               "The snapshot of sale " + sale.value() + " in Redis is damaged: " + how + ".",
               "A gateway that has the sale and a ledger or Kafka writes another by itself within "
               "seconds; let one run. Where none does, restore Redis.");
}

std::unexpected<Fault> ended() {
  return fault(FaultKind::unavailable, "The server is stopping.", "Start it again.");
}

/// One call whose reply is a text.
Result<std::string> ask(Link& link, const std::vector<std::string>& words) {
  std::string said;
  auto done = link.call(words, [&](const redisReply& reply) -> Result<void> {
    if (reply.type == REDIS_REPLY_ERROR) {
      return fault(FaultKind::unavailable,
                   "Redis refuses " + words.front() + ": " + std::string(reply.str, reply.len),
                   "Let this user call it, and give Redis memory.");
    }
    said = text_of(reply).value_or("");
    return {};
  });
  if (!done) return std::unexpected(done.error());
  return said;
}

/// A piece, which is none (empty) when it is not there.
Result<std::string> read_piece(Link& link, const std::string& key, std::uint64_t number) {
  return ask(link, {"HGET", key, std::to_string(number)});
}

std::optional<sale::Event> unpacked_event(std::string_view bytes) {
  ByteReader in(bytes);
  auto event = sale::decode(in);
  if (!event || !in.finished()) return std::nullopt;
  return event;
}

Result<SnapshotPointer> pointer_of(const redisReply& reply, const SaleId& sale) {
  Fields in(reply);
  SnapshotPointer pointer;
  const std::uint64_t format = in.count("format");
  if (in.ok() && format != kSnapshotInRedisFormat) {
    return fault(FaultKind::bad_input,
                 "The snapshot of sale " + sale.value() + " in Redis is of format " +
                     std::to_string(format) + ", this program reads format " +
                     std::to_string(kSnapshotInRedisFormat) + ".",
                 "Run the version of Dibs that wrote it, or a newer one.");
  }
  pointer.place.epoch = std::string(in.text("epoch"));
  const Seq seq(in.count("seq"));
  const auto last = unpacked_event(in.text("event"));
  pointer.place.previous = in.word("previous", file_hash);
  pointer.place.hash = in.word("hash", file_hash);
  pointer.pieces = std::string(in.text("pieces"));
  pointer.count = in.count("count");
  pointer.bytes = in.count("bytes");
  pointer.sha256 = std::string(in.text("sha256"));
  pointer.written = in.instant("written");
  pointer.damaged = in.find("damaged") != nullptr;
  if (!in.ok() || !last) return damaged_snapshot(sale, "a field is malformed or missing");
  pointer.place.last = *last;
  if (seq != last->seq ||
      store::chain_hash(pointer.place.previous, sale, *last) != pointer.place.hash) {
    return damaged_snapshot(sale, "its place in the chain of events is not one");
  }
  return pointer;
}

/// The bytes that the pointer tells of; nothing when its pieces have gone.
Result<std::optional<std::string>> read_bytes(Link& link, const SaleId& sale,
                                              const SnapshotPointer& pointer,
                                              const std::atomic<bool>& stop) {
  const std::string key = pieces_key(sale, pointer.pieces);
  std::string bytes;
  for (std::uint64_t i = 1; i <= pointer.count; ++i) {
    if (stop) return ended();
    auto piece = read_piece(link, key, i);
    if (!piece) return std::unexpected(piece.error());
    if (piece->empty() || bytes.size() + piece->size() > pointer.bytes) return std::nullopt;
    bytes += *piece;
  }
  return bytes;
}

Result<void> write_pieces(Link& link, const std::string& key, std::string_view bytes,
                          const std::atomic<bool>& stop, const AtStep& at_step) {
  std::uint64_t number = 0;
  for (std::string_view rest = bytes; !rest.empty();
       rest.remove_prefix(std::min(kBytesAPiece, rest.size()))) {
    if (stop) return ended();
    const std::vector<std::string> words{"HSET", key, std::to_string(++number),
                                         std::string(rest.substr(0, kBytesAPiece))};
    if (number == 1) {
      // Together, so that the pieces of a gateway that is killed here go by themselves.
      const auto lives = std::chrono::duration_cast<std::chrono::seconds>(kPiecesLiveFor).count();
      for (const auto& call : {std::vector<std::string>{"MULTI"}, words,
                               std::vector<std::string>{"EXPIRE", key, std::to_string(lives)},
                               std::vector<std::string>{"EXEC"}}) {
        if (auto said = ask(link, call); !said) return std::unexpected(said.error());
      }
    } else if (auto said = ask(link, words); !said) {
      return std::unexpected(said.error());
    }
    at_step("piece");
  }
  return {};
}

std::vector<std::string> words_of_point(const SaleId& sale, const SnapshotPlace& place,
                                        const SnapshotPointer& pointer, const std::string& before) {
  std::string event;
  ByteWriter packed(event);
  sale::encode(place.last, packed);
  const std::string key = pieces_key(sale, pointer.pieces);
  const std::string seq = std::to_string(place.seq().value());
  const std::string count = std::to_string(pointer.count);
  return {"FCALL", Library::built_in().point(), "4", key_of(sale, "meta"), snapshot_key(sale), key,
          before.empty() ? key : pieces_key(sale, before), place.epoch, seq, count, before,
          // The fields, for whoever looks with HGETALL.
          "format", std::to_string(kSnapshotInRedisFormat), "epoch", place.epoch, "seq", seq,
          "event", event, "previous", hash_word(place.previous), "hash", hash_word(place.hash),
          "pieces", pointer.pieces, "count", count, "bytes", std::to_string(pointer.bytes),
          "sha256", pointer.sha256, "written", std::to_string(to_us(pointer.written))};
}

}  // namespace

std::string snapshot_key(const SaleId& sale) { return key_of(sale, "snapshot"); }
std::string pieces_key(const SaleId& sale, std::string_view pieces) {
  return key_of(sale, "snapshot:" + std::string(pieces));
}
std::string followers_key(const SaleId& sale) { return key_of(sale, "followers"); }

Result<std::optional<SnapshotPointer>> read_pointer(Link& link, const SaleId& sale) {
  std::optional<SnapshotPointer> pointer;
  auto done =
      link.call({"HGETALL", snapshot_key(sale)}, [&](const redisReply& reply) -> Result<void> {
        if (reply.type != REDIS_REPLY_ARRAY) {
          return fault(FaultKind::unavailable,
                       "Redis does not give the snapshot of sale " + sale.value() + ": " +
                           std::string(reply.str, reply.len) + ".",
                       "Let this user call HGETALL, and look at what lies there.");
        }
        if (reply.elements == 0) return {};
        auto read = pointer_of(reply, sale);
        if (!read) return std::unexpected(read.error());
        pointer = *std::move(read);
        return {};
      });
  if (!done) return std::unexpected(done.error());
  return pointer;
}

Result<std::optional<Snapshot>> read_snapshot(Link& link, const SaleId& sale,
                                              const std::atomic<bool>& stop) {
  std::string tried;
  for (int i = 0; i < kReadsAtMost; ++i) {
    auto pointer = read_pointer(link, sale);
    if (!pointer) return std::unexpected(pointer.error());
    if (!*pointer) return std::nullopt;
    std::string how;
    auto bytes = read_bytes(link, sale, **pointer, stop);
    if (!bytes) return std::unexpected(bytes.error());
    if (*bytes && (*bytes)->size() == (*pointer)->bytes &&
        hash_word(store::sha256(**bytes)) == (*pointer)->sha256) {
      auto state = sale::Sale::load(sale, **bytes);
      if (state && state->view().seq == (*pointer)->place.seq()) {
        return Snapshot{std::move((*pointer)->place), *std::move(state)};
      }
      how = state ? "it is of another event than it says" : state.error().what;
    } else {
      how = *bytes ? "its pieces are not those that were written" : "pieces are missing";
    }
    // Met twice, it was not exchanged meanwhile.
    if (std::exchange(tried, (*pointer)->pieces) != (*pointer)->pieces) continue;
    // Where this fails, whoever reads it next marks it.
    [[maybe_unused]] const auto marked = ask(link, {"HSET", snapshot_key(sale), "damaged", "1"});
    return damaged_snapshot(sale, how);
  }
  return fault(FaultKind::unavailable,
               "The snapshot of sale " + sale.value() + " is exchanged faster than it is read.",
               "It is tried again by itself.");
}

Result<bool> write_snapshot(Link& link, const SaleId& sale, const SnapshotPlace& place,
                            std::string_view bytes, const std::optional<SnapshotPointer>& before,
                            const std::atomic<bool>& stop, const AtStep& at_step) {
  store::RandomKeys random;
  SnapshotPointer pointer;
  pointer.pieces = order_word(random.next());
  pointer.bytes = bytes.size();
  pointer.count = (bytes.size() + kBytesAPiece - 1) / kBytesAPiece;
  pointer.sha256 = hash_word(store::sha256(bytes));
  pointer.written = system_clock().now();
  const std::string key = pieces_key(sale, pointer.pieces);
  at_step("begin");
  if (auto written = write_pieces(link, key, bytes, stop, at_step); !written) {
    return std::unexpected(written.error());
  }
  auto back = read_bytes(link, sale, pointer, stop);
  if (!back) return std::unexpected(back.error());
  if (!*back || **back != bytes) return damaged_snapshot(sale, "it reads back differently");
  at_step("point");
  auto said = ask(link, words_of_point(sale, place, pointer, before ? before->pieces : ""));
  if (!said) return std::unexpected(said.error());
  at_step("pointed");
  if (*said == "ok") return true;
  // Where this fails, the pieces end by their own time.
  [[maybe_unused]] const auto dropped = ask(link, {"UNLINK", key});
  return false;
}

}  // namespace dibs::redis
