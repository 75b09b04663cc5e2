-- include parts/records.lua
-- The lines of a sale: one sorted set for all its items, a member for each item that a waiting order wants.
--
--   score   = band * 2^44 + arrival     band 2 (n - 1): everybody in the line of item n
--   member  = order's key ":" n         band 2 (n - 1) + 1: again, ":s" behind it, who wants several SKUs
--
-- 2 * 256 bands of 2^44 arrivals fill the 53 bits that a score says exactly. An ended line leaves its members where
-- they are: the item's `floor` says up to which arrival nobody waits, and sweep() takes them out later, some a call.
--
-- Within a call the set stays as it was; what has changed is kept beside it: `left` (who has gone), `joined` and
-- `pending` (who has come, in order), and `base` (the front of the set as far as it was read).
local line = {}
dibs.line = line
local records = dibs.records

local BAND = 2 ^ 44
local AHEAD = 32 -- members read at once once the first has gone

local function lowest(number, several, arrival)
  return string.format('(%.0f', (2 * (number - 1) + (several and 1 or 0)) * BAND + arrival)
end
local function highest(number, several)
  return string.format('(%.0f', (2 * (number - 1) + (several and 1 or 0) + 1) * BAND)
end

local function overlay(item)
  if not item.pending then
    item.pending, item.first_pending, item.left, item.joined = {}, 1, {}, {}
    item.base, item.first_base, item.read_to, item.base_done = {}, 1, item.floor, false
    item.several_to = 0
  end
  return item
end

-- `order` stands at the end of each of its lines.
function line.join(sale, order)
  local several = #order.lines > 2
  for i = 1, #order.lines, 2 do
    local item = overlay(records.item(sale, order.lines[i]))
    item.pending[#item.pending + 1] = order
    item.joined[order.key] = true
    item.waiting = item.waiting + 1
    if several then item.several = item.several + 1 end
  end
  sale.waiting = sale.waiting + 1
end

-- `order`, which waits, leaves all of its lines.
function line.leave(sale, order)
  local several = #order.lines > 2
  for i = 1, #order.lines, 2 do
    local item = overlay(records.item(sale, order.lines[i]))
    item.left[order.key] = order
    item.waiting = item.waiting - 1
    if several then item.several = item.several - 1 end
  end
  sale.waiting = sale.waiting - 1
end

-- Everybody who waits for the item alone, up to `upto`, leaves; those who want other SKUs too are still to.
function line.clear(sale, item, upto)
  overlay(item)
  sale.waiting = sale.waiting - (item.waiting - item.several)
  item.waiting, item.floor = item.several, upto
  local pending = {}
  for i = item.first_pending, #item.pending do
    local order = item.pending[i]
    if #order.lines > 2 and not item.left[order.key] then pending[#pending + 1] = order end
  end
  item.pending, item.first_pending = pending, 1
  -- Whoever has left behind `upto` in this call is still in the set: `left` stays.
  item.base, item.first_base, item.base_done = {}, 1, true
  sale.swept[item.number] = true
end

-- Reads on in the set; false at its end.
local function read_on(sale, item)
  if item.base_done or sale.base_gone then return false end
  local count = item.first_base == 1 and 1 or AHEAD
  local found = redis.call('ZRANGE', sale.keys.line, lowest(item.number, false, item.read_to),
    highest(item.number, false), 'BYSCORE', 'LIMIT', 0, count, 'WITHSCORES')
  local keys = {}
  for i = 1, #found, 2 do
    local key = string.match(found[i], '^[^:]+')
    keys[#keys + 1] = key
    item.base[#item.base + 1] = key
    item.read_to = tonumber(found[i + 1]) - 2 * (item.number - 1) * BAND
  end
  if #keys > 1 then records.read_orders(sale, keys) end
  item.base_done = #keys < count
  return #keys > 0
end

-- The order at the head of the item's line, or nil when nobody waits.
function line.head(sale, item)
  if item.waiting == 0 then return nil end
  overlay(item)
  repeat
    while item.first_base <= #item.base do
      local key = item.base[item.first_base]
      if not item.left[key] then return records.order(sale, key) end
      item.first_base = item.first_base + 1
    end
  until not read_on(sale, item)
  while item.left[item.pending[item.first_pending].key] do item.first_pending = item.first_pending + 1 end
  return item.pending[item.first_pending]
end

-- The arrival of the last one in the item's line, in which somebody waits.
function line.tail_arrival(sale, item)
  overlay(item)
  for i = #item.pending, item.first_pending, -1 do
    if not item.left[item.pending[i].key] then return item.pending[i].arrival end
  end
  local from = 0
  while true do
    local found = redis.call('ZRANGE', sale.keys.line, highest(item.number, false),
      lowest(item.number, false, item.floor), 'BYSCORE', 'REV', 'LIMIT', from, AHEAD, 'WITHSCORES')
    for i = 1, #found, 2 do
      if not item.left[string.match(found[i], '^[^:]+')] then
        return tonumber(found[i + 1]) - 2 * (item.number - 1) * BAND
      end
    end
    assert(#found > 0, 'a line is shorter than its count')
    from = from + AHEAD
  end
end

-- Those of the item's line in the set who want other SKUs too, from where the last call of this has stopped: at most
-- `count`. Nobody stands there who has left in an earlier call of a function.
local function several_in_set(sale, item, count)
  local orders = {}
  while #orders < count and not sale.base_gone do
    local found = redis.call('ZRANGE', sale.keys.line, lowest(item.number, true, item.several_to),
      highest(item.number, true), 'BYSCORE', 'LIMIT', 0, count - #orders, 'WITHSCORES')
    if #found == 0 then break end
    local keys, buyers = {}, {}
    for i = 1, #found, 2 do keys[#keys + 1] = string.match(found[i], '^[^:]+') end
    records.read_orders(sale, keys)
    for i = 1, #keys do
      if not item.left[keys[i]] then
        local order = records.order(sale, keys[i])
        orders[#orders + 1] = order
        buyers[#buyers + 1] = order.buyer
      end
    end
    records.read_buyers(sale, buyers)
    item.several_to = tonumber(found[#found]) - (2 * (item.number - 1) + 1) * BAND
  end
  return orders
end

-- At most `count` of those in the item's line who want other SKUs too. The caller has them leave before it asks again.
function line.several(sale, item, count)
  overlay(item)
  local orders = several_in_set(sale, item, count)
  for i = item.first_pending, #item.pending do
    if #orders == count then break end
    local order = item.pending[i]
    if #order.lines > 2 and not item.left[order.key] then orders[#orders + 1] = order end
  end
  return orders
end

-- What the set must be given and rid of: the words of ZADD and ZREM behind the key.
function line.changes(item, added, removed)
  if not item.pending then return end
  for i = 1, #item.pending do
    local order = item.pending[i]
    if not item.left[order.key] then
      local member = order.key .. ':' .. item.number
      added[#added + 1] = 2 * (item.number - 1) * BAND + order.arrival
      added[#added + 1] = member
      if #order.lines > 2 then
        added[#added + 1] = (2 * (item.number - 1) + 1) * BAND + order.arrival
        added[#added + 1] = member .. ':s'
      end
    end
  end
  for key, order in pairs(item.left) do
    if not item.joined[key] then
      local member = key .. ':' .. item.number
      removed[#removed + 1] = member
      if #order.lines > 2 then removed[#removed + 1] = member .. ':s' end
    end
  end
end

-- Takes members out that stand at or below the item's floor, SWEPT_PER_CALL of them at most; whether all are out.
function line.sweep(sale, item)
  for several = 0, 1 do
    local base = (2 * (item.number - 1) + several) * BAND
    local found = redis.call('ZRANGE', sale.keys.line, string.format('(%.0f', base), dibs.text(base + item.floor),
      'BYSCORE', 'LIMIT', 0, dibs.SWEPT_PER_CALL)
    if #found > 0 then redis.call('ZREM', sale.keys.line, unpack(found)) end
    if #found == dibs.SWEPT_PER_CALL then return false end
  end
  return true
end
