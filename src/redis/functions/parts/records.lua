-- include parts/words.lua
-- The records of a sale: items, orders, buyers, idempotency keys. Each is read when it is first asked for and then
-- kept in a table, where it is changed; `parts/write.lua` writes what has changed when all is decided.
--
-- items    hash: item's number -> packed {total, available, held, sold, uncaptured, waiting, several, shut, gen,
--          ended_by_close, floor}
-- orders   hash: order's key -> packed {arrival, buyer, state, money, reason, deadline, declines, extended, gen,
--          item, quantity, item, quantity, …}
-- buyers   hash: buyer -> packed {units, item, gen, units, item, gen, units, …}
-- keys     hash: `buyer key` -> order's key; `@ key` -> `sku delta` of a restock
--
-- A line that ends may hold a million orders, so their records are not touched: the item's generation (`gen`) goes up,
-- and an order that waits with an older one waits no more. Orders for several SKUs are changed, some a call: endings.lua.
local records = {}
dibs.records = records

-- cmsgpack is there when a function runs, not when the library is loaded.
local function pack(values) return cmsgpack.pack(values) end
local function unpack_record(record) return cmsgpack.unpack(record) end

function records.new_item(stock)
  return {
    total = stock, available = stock, held = 0, sold = 0, uncaptured = 0, waiting = 0, several = 0,
    shut = false, gen = 0, ended_by_close = false, floor = 0, dirty = true,
  }
end

function records.item(sale, number)
  local item = sale.items[number]
  if item then return item end
  local r = unpack_record(redis.call('HGET', sale.keys.items, number))
  item = {
    total = r[1], available = r[2], held = r[3], sold = r[4], uncaptured = r[5], waiting = r[6], several = r[7],
    shut = r[8], gen = r[9], ended_by_close = r[10], floor = r[11],
  }
  item.number = number
  sale.items[number] = item
  return item
end

function records.pack_item(i)
  return pack({ i.total, i.available, i.held, i.sold, i.uncaptured, i.waiting, i.several, i.shut, i.gen,
    i.ended_by_close, i.floor })
end

-- The most an order can ever get of it, whoever gives units back, unless stock is added.
function records.can_ever_be_left(item) return item.total - item.sold + item.uncaptured end

local function unpack_order(key, record)
  local r = unpack_record(record)
  local lines = {}
  for i = 10, #r do lines[i - 9] = r[i] end
  return {
    key = key, arrival = r[1], buyer = r[2], state = r[3], money = r[4], reason = r[5], deadline = r[6],
    declines = r[7], extended = r[8], gen = r[9], lines = lines,
  }
end

function records.pack_order(o)
  return pack({ o.arrival, o.buyer, o.state, o.money, o.reason, o.deadline, o.declines, o.extended, o.gen,
    unpack(o.lines) })
end

-- Reads many at once; those already known are left alone.
local function read_ahead(known, base, names, make)
  local asked = {}
  for i = 1, #names do
    local name = names[i]
    if known[name] == nil then
      known[name] = false
      asked[#asked + 1] = name
    end
  end
  for from = 1, #asked, dibs.WORDS_PER_CALL do
    local to = math.min(from + dibs.WORDS_PER_CALL - 1, #asked)
    local found = redis.call('HMGET', base, unpack(asked, from, to))
    for i = 1, to - from + 1 do
      if found[i] then known[asked[from + i - 1]] = make(asked[from + i - 1], found[i]) end
    end
  end
end

function records.read_orders(sale, keys)
  if not sale.base_gone then read_ahead(sale.orders, sale.keys.orders, keys, unpack_order) end
end

-- The order, or false.
function records.order(sale, key)
  local order = sale.orders[key]
  if order == nil then
    local record = not sale.base_gone and redis.call('HGET', sale.keys.orders, key)
    order = record and unpack_order(key, record) or false
    sale.orders[key] = order
  end
  return order
end

-- Where an order really is: a waiting order whose line has ended waits no more.
function records.state_of(sale, order)
  if order.state ~= 'waiting' or #order.lines > 2 then return order.state end
  local item = records.item(sale, order.lines[1])
  if item.gen == order.gen then return 'waiting' end
  return item.ended_by_close and item.gen == order.gen + 1 and 'closed' or 'sold_out'
end

function records.units(order)
  local units = 0
  for i = 2, #order.lines, 2 do units = units + order.lines[i] end
  return units
end

local function unpack_buyer(name, record)
  local r = unpack_record(record)
  local waits = {}
  for i = 2, #r, 3 do waits[r[i]] = { gen = r[i + 1], units = r[i + 2] } end
  return { name = name, units = r[1], waits = waits }
end

function records.pack_buyer(buyer)
  local r = { buyer.units }
  for item, wait in pairs(buyer.waits) do
    r[#r + 1] = item
    r[#r + 1] = wait.gen
    r[#r + 1] = wait.units
  end
  return pack(r)
end

function records.read_buyers(sale, names)
  if not sale.base_gone then read_ahead(sale.buyers, sale.keys.buyers, names, unpack_buyer) end
end

-- The buyer's figures, or false for one who has never had an order.
function records.find_buyer(sale, name)
  local buyer = sale.buyers[name]
  if buyer == nil then
    local record = not sale.base_gone and redis.call('HGET', sale.keys.buyers, name)
    buyer = record and unpack_buyer(name, record) or false
    sale.buyers[name] = buyer
  end
  return buyer
end

-- The same, entered when not known, to be changed.
function records.buyer(sale, name)
  local buyer = records.find_buyer(sale, name)
  if not buyer then
    buyer = { name = name, units = 0, waits = {} }
    sale.buyers[name] = buyer
  end
  buyer.dirty = true
  return buyer
end

-- Takes off what the endings of lines have given back. Before the figures are read.
function records.settle(sale, buyer)
  for number, wait in pairs(buyer.waits) do
    if records.item(sale, number).gen ~= wait.gen then
      buyer.units = buyer.units - wait.units
      buyer.waits[number] = nil
    end
  end
end

function records.read_remembered(sale, names)
  if not sale.base_gone then
    read_ahead(sale.remembered, sale.keys.keys, names, function(_, value) return value end)
  end
end

-- What was remembered under a name of `keys`, or false.
function records.remembered(sale, name)
  local value = sale.remembered[name]
  if value == nil then
    value = not sale.base_gone and redis.call('HGET', sale.keys.keys, name)
    sale.remembered[name] = value
  end
  return value
end

function records.remember(sale, name, value)
  sale.remembered[name] = value
  sale.new_keys[#sale.new_keys + 1] = name
  sale.new_keys[#sale.new_keys + 1] = value
end
