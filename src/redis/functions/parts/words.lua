-- Numbers that several parts share. Instants are whole microseconds: 2^53 of them reach beyond the year 2200.

-- Orders promoted, expired or ended in one step: limits::kOrdersPerStep.
dibs.ORDERS_PER_STEP = 64
-- A call begins no further step or command once it has made so many events: it holds the server for about 10 ms.
dibs.EVENTS_PER_CALL = 512
-- Nor once its buys have named so many SKUs: 16 in each are as much work as 16 buys.
dibs.LINES_PER_CALL = 2048
-- Events of others that a call answers at most: kForeignEventsPerCall. Further back, XRANGE.
dibs.FOREIGN_EVENTS = 256
-- Commands of one call: kCommandsPerCall.
dibs.COMMANDS_PER_CALL = 512
-- Orders for several SKUs that leave ended lines in one call: 128 take some 3 ms.
dibs.LEAVING_PER_CALL = 128
-- Members that one call takes out of lines that have ended.
dibs.SWEPT_PER_CALL = 128
-- Words of one redis.call: Lua's stack has room for 8,000.
dibs.WORDS_PER_CALL = 1000

dibs.SECOND = 1000000
dibs.ALIVE_EVERY = 500000 -- us: how stale the note of the last call may be
dibs.AMOUNT_MAX = 9007199254740991 -- limits::kAmount, 2^53 - 1
dibs.STOCK_MAX = 10000000 -- limits::kStock
dibs.LINE_LIMIT_MIN = 1000 -- limits::kLineLimitDefaultMin
dibs.LINE_LIMIT_PER_UNIT = 10 -- limits::kLineLimitPerUnit
dibs.LINE_LIMIT_MAX = 1000000 -- limits::kLineLimitMax

-- What a number looks like in a text: `..` would round one of more than 14 digits. Most numbers of a call come up many
-- times in it, and making a text of one takes longer than all else that is done with it.
local texts = {}
function dibs.text(number)
  local text = texts[number]
  if not text then
    text = string.format('%.0f', number)
    texts[number] = text
  end
  return text
end
function dibs.forget_texts() texts = {} end

-- Whether an order in this state has units that go back at a deadline.
function dibs.holds_units(state) return state == 'held' or state == 'paying' end

-- Whether the order's units count towards its buyer's limit.
function dibs.counts(state, money)
  if state == 'paid' then return money ~= 'refund_due' and money ~= 'refunded' end
  return state == 'waiting' or state == 'held' or state == 'paying'
end

-- The time of a call: the server's, read once, unless a test says what time it is.
function dibs.time(given)
  if given ~= '' then return tonumber(given) end
  local time = redis.call('TIME')
  return tonumber(time[1]) * dibs.SECOND + tonumber(time[2])
end
