-- include parts/line.lua
-- include parts/holds.lua
-- include parts/spec.lua
-- What a fact makes of the sale. `record` is the only way in which a decision changes anything: it numbers the fact,
-- times it, keeps it as an event (the words of its XADD), and folds it in.
local fold = {}
dibs.fold = fold
local records, line, holds, text = dibs.records, dibs.line, dibs.holds, dibs.text

-- `type` and the fact's own fields, as docs/formats/redis.md lists them.
local function record(sale, type, ...)
  sale.seq = sale.seq + 1
  sale.last_at = sale.at
  sale.last_actor = sale.actor
  local words = { 'type', type, 'at', text(sale.at), ... }
  if sale.actor ~= '' then words[#words + 1], words[#words + 2] = 'actor', sale.actor end
  sale.events[#sale.events + 1] = words
  return words
end

local function touch(sale, number) sale.touched[number] = true end
fold.touch = touch

-- When less can ever be left, an order for several SKUs at the head of another line may have become one that can
-- never be served.
local function touch_after_change(sale, item, less_can_be_left)
  if less_can_be_left and item.several > 0 then
    for number = 1, #sale.spec.items do touch(sale, number) end
  end
  touch(sale, item.number)
end

-- Where an order's units are counted; waiting and finished orders have none.
local UNITS_IN = { held = 'held', paying = 'held', paid = 'sold' }

local function move_units(sale, order, from, to)
  local was, is = UNITS_IN[from], UNITS_IN[to]
  for i = 1, #order.lines, 2 do
    local item, quantity = records.item(sale, order.lines[i]), order.lines[i + 1]
    if was then
      item[was] = item[was] - quantity
      item.available = item.available + quantity
    end
    if is then
      item.available = item.available - quantity
      item[is] = item[is] + quantity
    end
    item.dirty = true
    touch_after_change(sale, item, to == 'paid')
  end
end

local function is_uncaptured(state, money) return state == 'paid' and money == 'authorised' end

-- Once it is captured, less can ever be left.
local function move_capture(sale, order, was_open, is_open)
  if was_open == is_open then return end
  for i = 1, #order.lines, 2 do
    local item, quantity = records.item(sale, order.lines[i]), order.lines[i + 1]
    item.uncaptured = item.uncaptured + (is_open and quantity or -quantity)
    item.dirty = true
    touch_after_change(sale, item, was_open)
  end
end

local function move_allowance(sale, order, from, to, money)
  local counted, counts_now = dibs.counts(from, order.money), dibs.counts(to, money)
  local single = #order.lines == 2
  local waited, waits_now = single and from == 'waiting', single and to == 'waiting'
  if counted == counts_now and waited == waits_now then return end
  local buyer, units = records.buyer(sale, order.buyer), records.units(order)
  records.settle(sale, buyer)
  if counted ~= counts_now then buyer.units = buyer.units + (counts_now and units or -units) end
  local number = order.lines[1]
  if waits_now then
    local wait = buyer.waits[number] or { gen = order.gen, units = 0 }
    wait.units = wait.units + units
    buyer.waits[number] = wait
  elseif waited then
    local wait = buyer.waits[number]
    wait.units = wait.units - units
    if wait.units == 0 then buyer.waits[number] = nil end
  end
end

-- An order whose money is not where it stays although it holds no units.
local function has_open_money(state, money)
  return not dibs.holds_units(state) and (money == 'authorised' or money == 'refund_due')
end

-- The one way in which an order changes: units, line, allowance, hold, then the order.
local function move(sale, order, to, money, reason)
  local from = order.state
  if from ~= to then
    move_units(sale, order, from, to)
    if to == 'waiting' then line.join(sale, order) end
    if from == 'waiting' then line.leave(sale, order) end
  end
  move_capture(sale, order, is_uncaptured(from, order.money), is_uncaptured(to, money))
  move_allowance(sale, order, from, to, money)
  if has_open_money(from, order.money) then sale.open_money = sale.open_money - 1 end
  if has_open_money(to, money) then sale.open_money = sale.open_money + 1 end

  order.state, order.money, order.reason = to, money, reason
  order.dirty = true
  local held, holds_now = dibs.holds_units(from), dibs.holds_units(to)
  if held and not holds_now then
    sale.holding = sale.holding - 1
    holds.removed(sale, order)
  elseif holds_now and not held then
    sale.holding = sale.holding + 1
    holds.set(sale, order)
  end
end

local function set_spec(sale, members)
  local same = sale.spec and dibs.spec.same_items(sale.spec.items, members[dibs.spec.ITEMS])
  sale.spec = dibs.spec.derive(members)
  sale.spec_seq = sale.seq
  sale.new_spec = true
  if same then return end
  sale.items, sale.touched = {}, {}
  for number, item in ipairs(sale.spec.items) do
    sale.items[number] = records.new_item(item[4])
    sale.items[number].number = number
  end
end

-- Facts of the whole sale.

function fold.created(sale, members)
  dibs.spec.add_fields(members, record(sale, 'created'))
  dibs.state.clear(sale)
  set_spec(sale, members)
end

function fold.changed(sale, members)
  dibs.spec.add_fields(members, record(sale, 'changed'))
  set_spec(sale, members)
end

function fold.opened(sale)
  record(sale, 'opened')
  sale.opened = true
end

function fold.paused(sale)
  record(sale, 'paused')
  sale.paused, sale.paused_at = true, sale.at
end

function fold.resumed(sale, shift, restart)
  record(sale, 'resumed', 'shift', text(shift), 'restart', restart and '1' or '0')
  sale.shift = sale.shift + shift
  if not restart then sale.paused = false end
end

function fold.closed(sale)
  record(sale, 'closed')
  sale.closed = true
  for number = 1, #sale.spec.items do
    local item = records.item(sale, number)
    if item.shut then item.shut, item.dirty = false, true end -- nothing is left to reopen
  end
end

function fold.stock_changed(sale, item, sku, delta, key)
  record(sale, 'stock_changed', 'sku', sku, 'delta', text(delta), 'key', key)
  item.total = item.total + delta
  item.available = item.available + delta
  item.dirty = true
  if key ~= '' then records.remember(sale, '@ ' .. key, sku .. ' ' .. dibs.text(delta)) end
  touch_after_change(sale, item, delta < 0)
end

-- Everybody waiting for the item waits no more. Those who want other SKUs too are still to leave: parts/endings.lua.
function fold.line_ended(sale, item, by_close)
  local upto = line.tail_arrival(sale, item)
  record(sale, 'line_ended', 'sku', sale.spec.items[item.number][1], 'upto', text(upto), 'by_close',
    by_close and '1' or '0')
  line.clear(sale, item, upto)
  item.gen = item.gen + 1
  item.ended_by_close = by_close
  item.dirty = true
  touch(sale, item.number)
end

-- An order of the item's ended line leaves all its lines: part of what `line_ended` says, no fact of its own.
function fold.left_behind(sale, order, item)
  move(sale, order, item.ended_by_close and 'closed' or 'sold_out', 'none', '')
end

function fold.line_shut(sale, item, refused)
  record(sale, 'line_shut', 'sku', sale.spec.items[item.number][1], 'refused', text(refused))
  item.shut, item.dirty = true, true
  touch(sale, item.number)
end

function fold.line_reopened(sale, item)
  record(sale, 'line_reopened', 'sku', sale.spec.items[item.number][1])
  item.shut, item.dirty = false, true
  touch(sale, item.number)
end

function fold.removed(sale)
  record(sale, 'removed')
  dibs.state.clear(sale)
end

function fold.archived(sale, file_hash)
  record(sale, 'archived', 'file_hash', file_hash)
  dibs.state.clear(sale)
  sale.archived = true
end

-- Facts of one order.

local function record_of(sale, type, order, ...)
  return record(sale, type, 'order', order.key, 'arrival', text(order.arrival), ...)
end

local function set_deadline(sale, order, expires_at)
  if expires_at then order.deadline = expires_at - sale.shift end
end

-- `order` is new and in no state yet; `lines_text` says its lines as the event does.
function fold.accepted(sale, order, state, key, reference, lines_text, expires_at)
  local words = record_of(sale, 'accepted', order, 'state', state, 'received', text(sale.received), 'buyer',
    order.buyer, 'key', key, 'reference', reference, 'lines', lines_text)
  if expires_at then words[#words + 1], words[#words + 2] = 'expires_at', text(expires_at) end
  sale.orders[order.key] = order
  if key ~= '' then records.remember(sale, order.buyer .. ' ' .. key, order.key) end
  set_deadline(sale, order, expires_at)
  order.gen = records.item(sale, order.lines[1]).gen
  move(sale, order, state, 'none', '')
end

function fold.promoted(sale, order, state, expires_at)
  local words = record_of(sale, 'promoted', order, 'state', state)
  if expires_at then words[#words + 1], words[#words + 2] = 'expires_at', text(expires_at) end
  set_deadline(sale, order, expires_at)
  move(sale, order, state, 'none', '')
end

function fold.paying(sale, order, attempt, expires_at, extends)
  record_of(sale, 'paying', order, 'attempt', text(attempt), 'expires_at', text(expires_at), 'extends',
    extends and '1' or '0')
  local before = order.deadline
  set_deadline(sale, order, expires_at)
  if order.deadline ~= before then holds.set(sale, order) end
  if extends then order.extended = true end
  move(sale, order, 'paying', 'none', '')
end

function fold.declined(sale, order)
  record_of(sale, 'declined', order)
  order.declines = order.declines + 1
  move(sale, order, 'held', 'none', '')
end

function fold.paid(sale, order, money, late)
  record_of(sale, 'paid', order, 'money', money, 'late', late and '1' or '0')
  move(sale, order, 'paid', money, '')
end

function fold.money_moved(sale, order, money)
  record_of(sale, 'money_moved', order, 'money', money)
  move(sale, order, order.state, money, order.reason)
end

function fold.refund_due(sale, order)
  record_of(sale, 'refund_due', order)
  move(sale, order, order.state, 'refund_due', order.reason)
end

function fold.released(sale, order, reason, money)
  record_of(sale, 'released', order, 'reason', reason, 'money', money)
  move(sale, order, 'released', money, reason)
end

function fold.ended_sold_out(sale, order)
  record_of(sale, 'ended_sold_out', order)
  move(sale, order, 'sold_out', 'none', '')
end
