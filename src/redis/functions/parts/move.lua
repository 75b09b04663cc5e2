-- include parts/line.lua
-- include parts/holds.lua
-- How an order changes, and all that is counted of it: units, line, allowance, hold.
local records, line, holds = dibs.records, dibs.line, dibs.holds

local function touch(sale, number) sale.touched[number] = true end
dibs.touch = touch

-- When less can ever be left, an order for several SKUs at the head of another line may have become one that can
-- never be served.
local function touch_after_change(sale, item, less_can_be_left)
  if less_can_be_left and item.several > 0 then
    for number = 1, #sale.spec.items do touch(sale, number) end
  end
  touch(sale, item.number)
end

dibs.touch_after_change = touch_after_change

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
function dibs.move(sale, order, to, money, reason)
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
