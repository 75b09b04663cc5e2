#include "sandbox/page.h"

// The bytes lie in the read-only data of embedded.S, between two labels.
extern "C" {
extern const char dibs_sandbox_page[];
extern const char dibs_sandbox_page_end[];
}

namespace dibs::sandbox {

http::Response fault_page() {
  return {.status = 200,
          .content_type = "text/html; charset=utf-8",
          .headers = {{"Content-Security-Policy",
                       "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
                       "connect-src 'self'; base-uri 'none'; form-action 'none'; "
                       "frame-ancestors 'none'"},
                      {"X-Content-Type-Options", "nosniff"},
                      {"Cache-Control", "no-store"}},
          .body = std::string(dibs_sandbox_page, dibs_sandbox_page_end)};
}

}  // namespace dibs::sandbox
