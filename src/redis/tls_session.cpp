#include "redis/tls_session.h"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

#include "base/assert.h"

namespace dibs::redis {
namespace {

template <auto free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    free(object);
  }
};
using Context = std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>>;

std::unexpected<Fault> unusable(const std::string& setting, const std::string& file) {
  const char* reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return fault(FaultKind::bad_input,
               setting + " " + file +
                   " cannot be used: " + (reason == nullptr ? "it does not fit" : reason) + ".",
               "It must be a readable file in PEM, and the key must be the certificate's.");
}

Result<Context> context_of(const TlsFiles& files) {
  Context context(SSL_CTX_new(TLS_client_method()));
  DIBS_ASSERT(context != nullptr);
  SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (files.ca_file.empty()) {
    SSL_CTX_set_default_verify_paths(context.get());
  } else if (SSL_CTX_load_verify_file(context.get(), files.ca_file.c_str()) != 1) {
    return unusable("--store-ca-file", files.ca_file);
  }
  if (files.cert_file.empty()) return context;
  if (SSL_CTX_use_certificate_chain_file(context.get(), files.cert_file.c_str()) != 1) {
    return unusable("--store-cert-file", files.cert_file);
  }
  if (SSL_CTX_use_PrivateKey_file(context.get(), files.key_file.c_str(), SSL_FILETYPE_PEM) != 1) {
    return unusable("--store-key-file", files.key_file);
  }
  return context;
}

bool is_number(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  return ::inet_pton(AF_INET, host.c_str(), bytes.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), bytes.data()) == 1;
}

/// The certificate must name the host; a name is also told to the server (SNI).
void expect(SSL* session, std::string host) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(session);
  if (is_number(host)) {
    DIBS_ASSERT(X509_VERIFY_PARAM_set1_ip_asc(wanted, host.c_str()) == 1);
    return;
  }
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  DIBS_ASSERT(X509_VERIFY_PARAM_set1_host(wanted, host.c_str(), host.size()) == 1);
  // SSL_set_tlsext_host_name, without the cast of its macro.
  SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, host.data());
}

}  // namespace

struct TlsSession::Impl {
  struct FreeSession {
    void operator()(SSL* freed) const { SSL_free(freed); }
  };

  std::string host;
  std::unique_ptr<SSL, FreeSession> session;
  BIO* in = nullptr;  ///< of `session`
  BIO* out = nullptr;
  bool broken = false;

  /// Why `result` of a call is a failure; nothing: it wants more bytes.
  [[nodiscard]] std::optional<std::string> failure(int result) const {
    const int error = SSL_get_error(session.get(), result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_ZERO_RETURN) return std::nullopt;
    const unsigned long code = ERR_peek_last_error();
    ERR_clear_error();
    if (const long verdict = SSL_get_verify_result(session.get()); verdict != X509_V_OK) {
      return "its certificate is not accepted for " + host + ": " +
             X509_verify_cert_error_string(verdict);
    }
    if (ERR_GET_REASON(code) == SSL_R_WRONG_VERSION_NUMBER) {
      return "it does not speak TLS at that port; name its tls-port, or redis:// without TLS";
    }
    const char* reason = ERR_reason_error_string(code);
    return std::string("TLS: ") + (reason == nullptr ? "the connection broke" : reason);
  }
};

TlsSession::TlsSession(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
TlsSession::~TlsSession() = default;

Result<std::unique_ptr<TlsSession>> TlsSession::begin(const TlsFiles& files,
                                                      const std::string& host) {
  ERR_clear_error();
  auto context = context_of(files);
  if (!context) return std::unexpected(context.error());
  auto impl = std::make_unique<Impl>();
  impl->host = host;
  impl->session.reset(SSL_new(context->get()));
  DIBS_ASSERT(impl->session != nullptr);
  impl->in = BIO_new(BIO_s_mem());
  impl->out = BIO_new(BIO_s_mem());
  SSL_set_bio(impl->session.get(), impl->in, impl->out);
  SSL_set_connect_state(impl->session.get());
  expect(impl->session.get(), host);
  return std::unique_ptr<TlsSession>(new TlsSession(std::move(impl)));
}

std::optional<std::string> TlsSession::shake_hands() {
  ERR_clear_error();
  const int done = SSL_do_handshake(impl_->session.get());
  return done == 1 ? std::nullopt : impl_->failure(done);
}

bool TlsSession::is_there() const { return SSL_is_init_finished(impl_->session.get()) == 1; }

void TlsSession::came(std::string_view bytes) {
  const int taken = BIO_write(impl_->in, bytes.data(), static_cast<int>(bytes.size()));
  DIBS_ASSERT(taken == static_cast<int>(bytes.size()));
}

std::optional<std::string> TlsSession::decrypt(std::string& plain) {
  if (!is_there()) return std::nullopt;
  constexpr std::size_t kRecord = std::size_t{16} << 10U;  // what one record holds at most
  std::array<char, kRecord> bytes{};
  while (true) {
    ERR_clear_error();
    const int got = SSL_read(impl_->session.get(), bytes.data(), static_cast<int>(bytes.size()));
    if (got <= 0) return impl_->failure(got);
    plain.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void TlsSession::encrypt(std::string_view plain) {
  DIBS_ASSERT(is_there());
  if (plain.empty()) return;
  std::size_t taken = 0;
  ERR_clear_error();
  // Into memory: all of it, or the session is of no use any more.
  impl_->broken |= SSL_write_ex(impl_->session.get(), plain.data(), plain.size(), &taken) != 1;
  DIBS_ASSERT(impl_->broken || taken == plain.size());
}

bool TlsSession::is_broken() const { return impl_->broken; }

bool TlsSession::has_output() const { return BIO_ctrl_pending(impl_->out) > 0; }

void TlsSession::take_output(std::string& out) {
  const std::size_t size = BIO_ctrl_pending(impl_->out);
  const std::size_t before = out.size();
  out.resize(before + size);
  DIBS_ASSERT(BIO_read(impl_->out, out.data() + before, static_cast<int>(size)) ==
              static_cast<int>(size));
}

}  // namespace dibs::redis
