#include "api/pages.h"

#include <algorithm>

#include "api/core.h"
#include "api/routes.h"

namespace dibs::api {
namespace {

/// Only our own files are run and shown, and nobody may frame them. No text of a sale can become a
/// script: scripts in the page itself are refused, and Trusted Types refuse texts as markup.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'";
constexpr std::string_view kAskFirst = "no-cache";
constexpr std::string_view kForever = "public, max-age=31536000, immutable";
constexpr std::string_view kAssets = "/assets/";

/// Whether Accept-Encoding names gzip and does not forbid it.
bool takes_gzip(std::string_view accept) {
  const auto at = accept.find("gzip");
  if (at == std::string_view::npos) return false;
  const auto rest = accept.substr(at + 4, accept.substr(at + 4).find(','));
  return rest.find("q=0") == std::string_view::npos || rest.find("q=0.") != std::string_view::npos;
}

http::Response file_response(const WebFile& file, const WebRequest& request,
                             std::string_view cache_control) {
  const bool packed = request.takes_gzip && !file.gzip.empty();
  const std::string etag = "\"" + std::string(file.hash) + (packed ? "-gz\"" : "\"");
  http::Response response;
  response.content_type = file.content_type;
  response.headers = {{"ETag", etag},
                      {"Cache-Control", std::string(cache_control)},
                      {"Vary", "Accept-Encoding"},
                      {"Cross-Origin-Resource-Policy", "same-origin"}};
  // A proxy may have made the tag a weak one, W/"...": it holds ours all the same.
  if (request.known_etags == "*" || request.known_etags.find(etag) != std::string::npos) {
    response.status = 304;
    return response;
  }
  if (packed) response.headers.emplace_back("Content-Encoding", "gzip");
  response.body = packed ? file.gzip : file.bytes;
  return response;
}

struct AssetName {
  std::string_view build;
  std::string_view name;
};
AssetName asset_name(std::string_view path) {
  path.remove_prefix(kAssets.size());
  const auto slash = path.find('/');
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

WebRequest::WebRequest(const http::Request& request)
    : known_etags(request.header("If-None-Match").value_or("")),
      takes_gzip(api::takes_gzip(request.header("Accept-Encoding").value_or(""))) {}

const WebFile* find_web_file(std::string_view name) {
  const auto all = web_files();
  const auto found = std::ranges::lower_bound(all, name, {}, &WebFile::name);
  return found == all.end() || found->name != name ? nullptr : &*found;
}

http::Response page_response(const Core& core, std::string_view name, const WebRequest& request,
                             std::uint16_t status) {
  std::string file(name);
  constexpr std::string_view kEnding = ".html";
  if (core.options.insecure_demo) file.insert(file.size() - kEnding.size(), ".demo");
  auto response = file_response(*find_web_file(file), request, kAskFirst);
  response.headers.emplace_back("Content-Security-Policy", kPolicy);
  response.headers.emplace_back("Referrer-Policy", "no-referrer");
  if (response.status == 200) response.status = status;
  return response;
}

namespace pages {

Prepared home(Core& core, const Call& call) {
  return [&core, request = WebRequest(call.request),
          query = std::string(call.request.query)](Answer answer) {
    const auto& sale = core.options.home_sale;
    if (!sale || !core.store.glance(*sale)) {
      return answer.send(page_response(core, "shop/home.html", request));
    }
    http::Response there;
    there.status = 303;
    there.headers = {
        {"Location", "/s/" + std::string(sale->view()) + (query.empty() ? "" : "?" + query)},
        {"Cache-Control", "no-store"}};
    answer.send(std::move(there));
  };
}

/// The page of an unknown sale says so by itself; its status says it to programs.
Prepared sale(Core& core, const Call& call) {
  return [&core, sale = call.sale, request = WebRequest(call.request)](Answer answer) {
    const bool known = core.store.glance(sale) != nullptr;
    answer.send(page_response(core, "shop/index.html", request, known ? 200 : 404));
  };
}

Prepared console(Core& core, const Call& call) {
  return [&core, request = WebRequest(call.request)](Answer answer) {
    answer.send(page_response(core, "console/index.html", request));
  };
}

Prepared asset(Core& /*core*/, const Call& call) {
  const auto [build, name] = asset_name(call.request.path);
  const WebFile* file = name.ends_with(".html") ? nullptr : find_web_file(name);
  return [file, fresh = build == web_build(), request = WebRequest(call.request)](Answer answer) {
    if (file == nullptr) return answer.refuse(unknown_path());
    answer.send(file_response(*file, request, fresh ? kForever : kAskFirst));
  };
}

}  // namespace pages
}  // namespace dibs::api
