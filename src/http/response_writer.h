#pragma once

#include <string>

#include "http/inbox.h"
#include "http/message.h"

namespace dibs::http {

struct WriteOptions {
  bool head_only = false;  ///< the answer to HEAD: the length of the body, but no body
  bool close = false;      ///< say that the connection is closed after it
};

/// Appends the answer as it goes over the wire. A header that holds a control character is left
/// out: it could begin a second answer (response splitting).
void write_response(std::string& out, const Response& response, WriteOptions options);

/// Appends the head of an event stream, which lasts as long as the connection.
void write_stream_head(std::string& out, const HeaderList& headers);

}  // namespace dibs::http
