#include "client/http_client.h"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include <map>
#include <mutex>
#include <thread>

#include "base/assert.h"

namespace dibs::client {
namespace {

/// libcurl must be made ready once a process.
void make_ready() {
  static const CURLcode ready = curl_global_init(CURL_GLOBAL_DEFAULT);
  DIBS_ASSERT(ready == CURLE_OK);
}

long milliseconds(Duration duration) {
  return static_cast<long>(std::chrono::ceil<std::chrono::milliseconds>(duration).count());
}

/// Whether a call that ended so cannot have reached the server.
bool never_sent(CURLcode code) {
  return code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
         code == CURLE_SSL_CONNECT_ERROR || code == CURLE_PEER_FAILED_VERIFICATION;
}

bool is_loopback(const curl_sockaddr& address) {
  constexpr std::uint32_t kLoopbackNet = 127;
  if (address.family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, &address.addr, sizeof v4);
    return ntohl(v4.sin_addr.s_addr) >> 24U == kLoopbackNet;
  }
  sockaddr_in6 v6{};
  if (address.family != AF_INET6 || address.addrlen < sizeof v6) return false;
  // The struct ends in a sockaddr that is as long as addrlen says.
  std::memcpy(&v6, reinterpret_cast<const char*>(&address.addr), sizeof v6);
  return IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

/// Opens a socket to this machine, and to no other.
curl_socket_t open_to_loopback(void* /*user*/, curlsocktype /*purpose*/, curl_sockaddr* address) {
  if (!is_loopback(*address)) return CURL_SOCKET_BAD;
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

Fault fault_of(CURLcode code, const std::string& url) {
  const std::string what = url + " could not be called: " + curl_easy_strerror(code) + ".";
  if (code == CURLE_URL_MALFORMAT || code == CURLE_UNSUPPORTED_PROTOCOL) {
    return {FaultKind::bad_input, what, "Give a URL that begins with http:// or https://."};
  }
  return {never_sent(code) ? FaultKind::unavailable : FaultKind::unknown, what,
          "Check that the server at this address runs and answers."};
}

}  // namespace

struct HttpClient::Impl {
  /// One call and all that libcurl needs to live as long as it does.
  struct Transfer {
    HttpCall call;
    std::move_only_function<void(Result<HttpAnswer>)> done;
    HttpAnswer answer;
    std::size_t answer_bytes_max = 0;
    curl_slist* headers = nullptr;
    CURL* handle = nullptr;

    Transfer() = default;
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;
    ~Transfer() {
      curl_easy_cleanup(handle);
      curl_slist_free_all(headers);
    }
  };

  explicit Impl(Options chosen) : options(chosen), multi(curl_multi_init()) {
    DIBS_ASSERT(multi != nullptr);
    curl_multi_setopt(multi, CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options.connections_per_host));
    thread = std::thread([this] { run(); });
  }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      stopping = true;
    }
    curl_multi_wakeup(multi);
    thread.join();
    for (auto& [handle, transfer] : under_way) curl_multi_remove_handle(multi, handle);
    under_way.clear();
    given.clear();
    curl_multi_cleanup(multi);
  }

  static std::size_t receive(char* bytes, std::size_t one, std::size_t count, void* user) {
    auto& transfer = *static_cast<Transfer*>(user);
    const std::size_t size = one * count;
    if (transfer.answer.body.size() + size > transfer.answer_bytes_max) return 0;
    transfer.answer.body.append(bytes, size);
    return size;
  }

  void begin(std::unique_ptr<Transfer> transfer) {
    CURL* handle = curl_easy_init();
    DIBS_ASSERT(handle != nullptr);
    transfer->handle = handle;
    transfer->answer_bytes_max = options.answer_bytes_max;
    for (const auto& [name, value] : transfer->call.headers) {
      const std::string line = name + ": " + value;
      transfer->headers = curl_slist_append(transfer->headers, line.c_str());
    }
    transfer->headers = curl_slist_append(transfer->headers, "Expect:");
    const HttpCall& call = transfer->call;
    curl_easy_setopt(handle, CURLOPT_URL, call.url.c_str());
    curl_easy_setopt(handle, CURLOPT_CUSTOMREQUEST, call.method.c_str());
    if (!call.body.empty() || call.method != "GET") {
      curl_easy_setopt(handle, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(call.body.size()));
      curl_easy_setopt(handle, CURLOPT_POSTFIELDS, call.body.data());
    }
    curl_easy_setopt(handle, CURLOPT_HTTPHEADER, transfer->headers);
    curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, &receive);
    curl_easy_setopt(handle, CURLOPT_WRITEDATA, transfer.get());
    curl_easy_setopt(handle, CURLOPT_CONNECTTIMEOUT_MS, milliseconds(options.connect_patience));
    curl_easy_setopt(handle, CURLOPT_TIMEOUT_MS, milliseconds(options.patience));
    curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(handle, CURLOPT_PROXY, "");
    if (call.loopback_only) {
      curl_easy_setopt(handle, CURLOPT_OPENSOCKETFUNCTION, &open_to_loopback);
    }
    curl_easy_setopt(handle, CURLOPT_USERAGENT, "dibs");
    curl_multi_add_handle(multi, handle);
    under_way.emplace(handle, std::move(transfer));
  }

  void end(CURL* handle, CURLcode code) {
    auto node = under_way.extract(handle);
    curl_multi_remove_handle(multi, handle);
    const auto transfer = std::move(node.mapped());
    if (code != CURLE_OK)
      return transfer->done(std::unexpected(fault_of(code, transfer->call.url)));
    long status = 0;
    curl_easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
    transfer->answer.status = static_cast<std::uint16_t>(status);
    transfer->done(std::move(transfer->answer));
  }

  void run() {
    constexpr int kLongestWaitMs = 1'000;
    while (true) {
      std::vector<std::unique_ptr<Transfer>> fresh;
      {
        const std::lock_guard lock(mutex);
        if (stopping) return;
        fresh.swap(given);
      }
      for (auto& transfer : fresh) begin(std::move(transfer));
      int running = 0;
      curl_multi_perform(multi, &running);
      int left = 0;
      while (CURLMsg* message = curl_multi_info_read(multi, &left)) {
        if (message->msg == CURLMSG_DONE) end(message->easy_handle, message->data.result);
      }
      {
        const std::lock_guard lock(mutex);
        if (stopping) return;
        if (!given.empty()) continue;
      }
      curl_multi_poll(multi, nullptr, 0, kLongestWaitMs, nullptr);
    }
  }

  const Options options;
  CURLM* multi;
  std::map<CURL*, std::unique_ptr<Transfer>> under_way;  ///< of the thread

  std::mutex mutex;  ///< guards what follows
  std::vector<std::unique_ptr<Transfer>> given;
  bool stopping = false;

  std::thread thread;
};

HttpClient::HttpClient(Options options) {
  make_ready();
  impl_ = std::make_unique<Impl>(options);
}
HttpClient::~HttpClient() = default;

void HttpClient::send(HttpCall call, std::move_only_function<void(Result<HttpAnswer>)> done) {
  auto transfer = std::make_unique<Impl::Transfer>();
  transfer->call = std::move(call);
  transfer->done = std::move(done);
  {
    const std::lock_guard lock(impl_->mutex);
    impl_->given.push_back(std::move(transfer));
  }
  curl_multi_wakeup(impl_->multi);
}

}  // namespace dibs::client
