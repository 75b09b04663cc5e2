#pragma once

#include <span>
#include <string_view>

/// The files of web/, put into the program by embed_web.py when it is built.
namespace dibs::api {

struct WebFile {
  std::string_view name;  ///< `shop/clock.js`: folder and file under web/
  std::string_view content_type;
  std::string_view hash;  ///< of its content
  std::string_view bytes;
  std::string_view gzip;  ///< the same, packed; empty where that is no smaller
};

/// All of them, by name. A page `X/index.html` is there twice: `X/index.demo.html` says that it
/// belongs to the insecure demo.
[[nodiscard]] std::span<const WebFile> web_files();
/// The hash of all files: it stands in the path of every asset, so that an asset of one path never
/// changes and an old page never gets half of a new program.
[[nodiscard]] std::string_view web_build();

}  // namespace dibs::api
