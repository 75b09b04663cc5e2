#pragma once

#include "measure.h"

/// The benchmarks in process. Each prints its rows and requires what must hold on any machine.
namespace dibs::bench {

/// Refused and accepted buys a second of the rules alone, on one core.
void rules(Size size);
/// Bytes of an order that holds a unit, and of one that waits for one. Each in a fresh process:
/// they look at the process's memory, and what one frees the other would use again.
void memory(Size size);
void waiting_memory(Size size);
/// What an order costs when there are 10^3 of them, and when there are many more.
void growth(Size size);
/// Durable buys a second of the engine, and bytes of journal an order.
void engine(Size size);
/// How long a start takes, from the journal alone and from a snapshot.
void recovery(Size size);
/// How late many holds that end at one moment are ended, and what buyers notice of it.
void expiry(Size size);
/// Commands a second of the functions on Redis, by the server's processor time.
void redis_functions(Size size);
/// Events a second into the ledger, on each database that is installed, beside plain inserts of as
/// many rows.
void ledger(Size size);

}  // namespace dibs::bench
