-- include parts/state.lua
-- include parts/line.lua
-- include parts/holds.lua
-- Writes what a call has decided. The events come first: each has its seq as its id, so an event that is there already,
-- or a server that has no memory left, fails the call before anything has changed. What follows are writes to keys that
-- only this library makes, which cannot fail.
local records, line, holds = dibs.records, dibs.line, dibs.holds

-- `command key word word …` in calls of at most WORDS_PER_CALL words.
local function in_parts(command, key, words)
  for from = 1, #words, dibs.WORDS_PER_CALL do
    redis.call(command, key, unpack(words, from, math.min(from + dibs.WORDS_PER_CALL - 1, #words)))
  end
end

local function append_events(sale)
  for i, words in ipairs(sale.events) do
    redis.call('XADD', sale.keys.events, dibs.text(sale.first_seq + i - 1) .. '-0', unpack(words))
  end
end

-- One entry for all requests that this call has numbered. Its id is the first number, so that readers can begin
-- anywhere; should another entry have taken it, any later id does, since nothing may fail behind the events.
local function append_requests(sale)
  if #sale.requests == 0 then return end
  local id = dibs.text(sale.first_arrival) .. '-0'
  local words = { 'first', sale.first_arrival, 'at', sale.received, 'requests', table.concat(sale.requests, '\n') }
  if #sale.events == 0 then
    redis.call('XADD', sale.keys.arrivals, id, unpack(words))
  elseif redis.pcall('XADD', sale.keys.arrivals, id, unpack(words)).err then
    redis.call('XADD', sale.keys.arrivals, '*', unpack(words))
  end
end

local function add_dirty(words, record, name, pack)
  if not record or not record.dirty then return end
  words[#words + 1] = name
  words[#words + 1] = pack(record)
end

-- A small hash is a list that Redis goes through from the front for every field. One that holds a value of more than
-- 64 bytes is a table from the start: the field '', which is nobody's name, has such a value.
local LONG = '-----------------------------------------------------------------'

local function write_records(sale)
  local keys = sale.keys
  if sale.base_gone and sale.spec then
    redis.call('HSET', keys.orders, '', LONG)
    redis.call('HSET', keys.buyers, '', LONG)
    redis.call('HSET', keys.keys, '', LONG)
  end
  local items, added, removed = {}, {}, {}
  for number, item in pairs(sale.items) do
    add_dirty(items, item, number, records.pack_item)
    line.changes(item, added, removed)
  end
  in_parts('HSET', keys.items, items)
  in_parts('ZADD', keys.line, added)
  in_parts('ZREM', keys.line, removed)

  local due, over = {}, {}
  holds.changes(sale, due, over)
  in_parts('ZADD', keys.due, due)
  in_parts('ZREM', keys.due, over)

  local orders, buyers = {}, {}
  for key, order in pairs(sale.orders) do add_dirty(orders, order, key, records.pack_order) end
  for name, buyer in pairs(sale.buyers) do add_dirty(buyers, buyer, name, records.pack_buyer) end
  in_parts('HSET', keys.orders, orders)
  in_parts('HSET', keys.buyers, buyers)
  in_parts('HSET', keys.keys, sale.new_keys)
end

local function sweep(sale)
  for number in pairs(sale.swept) do
    if number ~= sale.leaving then -- who is still to leave is found by the members that would be taken out
      if line.sweep(sale, records.item(sale, number)) then sale.swept[number] = nil end
      return -- the others in the next call
    end
  end
end

-- `received` is noted as the time at which somebody was there, but not for its own sake more often than ALIVE_EVERY,
-- unless the caller needs a write of its own. Where there are no data none are made.
function dibs.write(sale, in_any_case)
  local changed = dibs.state.changed(sale)
  local nothing_new = not changed and #sale.requests == 0
  if nothing_new and sale.epoch == '' then return end
  local fresh = not sale.spec or sale.received - sale.alive_at < dibs.ALIVE_EVERY
  if nothing_new and fresh and not in_any_case then return end
  append_events(sale)
  append_requests(sale)
  if changed then
    if sale.base_gone then
      local keys = sale.keys
      redis.call('UNLINK', keys.items, keys.orders, keys.buyers, keys.keys, keys.line, keys.due)
    end
    write_records(sale)
    if sale.base_gone and not sale.spec then redis.call('HDEL', sale.keys.meta, 'spec') end
  end
  if sale.spec then sweep(sale) end
  if not sale.still_away then sale.alive_at = math.max(sale.alive_at, sale.received) end
  redis.call('HSET', sale.keys.meta, unpack(dibs.state.words(sale)))
end
