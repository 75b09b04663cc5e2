-- include parts/records.lua
-- The orders that hold units, the one whose deadline comes first on top, of equal ones the first to arrive.
--
-- due   sorted set: score = deadline on the sale's clock, member = arrival in 14 digits, then the order's key. Equal
--       scores are sorted by member, so by arrival.
--
-- Within a call the set stays as it was. `sale.moved` has the orders whose hold began, ended or moved in this call;
-- those that hold units stand in a heap beside it. Entries of both that are no longer true are passed over.
local holds = {}
dibs.holds = holds
local records = dibs.records

local AHEAD = 64

local function before(a, b)
  if a.deadline ~= b.deadline then return a.deadline < b.deadline end
  return a.order.arrival < b.order.arrival
end

local function push(heap, entry)
  local at = #heap + 1
  while at > 1 do
    local parent = math.floor(at / 2)
    if not before(entry, heap[parent]) then break end
    heap[at] = heap[parent]
    at = parent
  end
  heap[at] = entry
end

local function pop(heap)
  local last = table.remove(heap)
  local size = #heap
  if size == 0 then return end
  local at = 1
  while 2 * at <= size do
    local child = 2 * at
    if child < size and before(heap[child + 1], heap[child]) then child = child + 1 end
    if not before(heap[child], last) then break end
    heap[at] = heap[child]
    at = child
  end
  heap[at] = last
end

-- `order` holds units from now on, until its deadline; or that has become later.
function holds.set(sale, order)
  sale.moved[order.key] = order
  push(sale.heap, { deadline = order.deadline, order = order })
end

-- `order` has stopped holding units.
function holds.removed(sale, order) sale.moved[order.key] = order end

-- The first of the set that has not moved: its deadline and key, or nil.
local function first_of_set(sale)
  while true do
    while sale.first_due <= #sale.due do
      local key = string.sub(sale.due[sale.first_due], 15)
      if not sale.moved[key] then return tonumber(sale.due[sale.first_due + 1]), key end
      sale.first_due = sale.first_due + 2
    end
    if sale.due_done or sale.base_gone then return nil end
    local count = sale.due_read == 0 and 1 or AHEAD
    local found = redis.call('ZRANGE', sale.keys.due, sale.due_read, sale.due_read + count - 1, 'WITHSCORES')
    sale.due, sale.first_due, sale.due_read = found, 1, sale.due_read + count
    sale.due_done = #found < 2 * count
    if #found > 2 then
      local keys = {}
      for i = 1, #found, 2 do keys[#keys + 1] = string.sub(found[i], 15) end
      records.read_orders(sale, keys)
    end
  end
end

local function first_of_heap(sale)
  while true do
    local top = sale.heap[1]
    if not top then return nil end
    if dibs.holds_units(top.order.state) and top.order.deadline == top.deadline then return top end
    pop(sale.heap)
  end
end

-- The deadline, on the sale's clock, of the hold that ends first, and its order's key; nil when there is none.
function holds.first(sale)
  if sale.holding == 0 then return nil end
  local deadline, key = first_of_set(sale)
  local top = first_of_heap(sale)
  if not top then return deadline, key end
  if deadline and deadline <= top.deadline then
    local earlier = deadline < top.deadline or records.order(sale, key).arrival < top.order.arrival
    if earlier then return deadline, key end
  end
  return top.deadline, top.order.key
end

-- What the set must be given and rid of: the words of ZADD and ZREM behind the key.
function holds.changes(sale, added, removed)
  for key, order in pairs(sale.moved) do
    local member = string.format('%014.0f', order.arrival) .. key
    if dibs.holds_units(order.state) then
      added[#added + 1] = order.deadline
      added[#added + 1] = member
    else
      removed[#removed + 1] = member
    end
  end
end
