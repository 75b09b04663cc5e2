-- include parts/serve.lua
-- include parts/state.lua
-- Buying. The checks stand in the order of precedence that src/sale/codes.h gives.
--
-- command   {'buy', actor, owner, order's key, objection, buyer, key, reference, sku, quantity, sku, quantity, …}
--           `objection` says what is wrong with the words themselves, '' for nothing: the gateway has looked.
-- A decision answers its code, a table of what else there is to say of it or nil, and the arrival or nil.
local records, fold, serve, state = dibs.records, dibs.fold, dibs.serve, dibs.state
local FIRST_SKU = 9

-- The lines {item, quantity, …}, units and amount; nil when an SKU is not of this sale.
local function resolve(sale, command)
  if #command == FIRST_SKU + 1 then -- nearly always
    local number, quantity = sale.spec.by_sku[command[FIRST_SKU]], command[FIRST_SKU + 1]
    if not number then return nil end
    return { number, quantity }, quantity, sale.spec.items[number][3] * quantity
  end
  local lines, units, amount = {}, 0, 0
  for i = FIRST_SKU, #command, 2 do
    local number, quantity = sale.spec.by_sku[command[i]], command[i + 1]
    if not number then return nil end
    lines[i - FIRST_SKU + 1], lines[i - FIRST_SKU + 2] = number, quantity
    units = units + quantity
    amount = amount + sale.spec.items[number][3] * quantity
  end
  return lines, units, amount
end

-- How many SKUs a buy names.
function dibs.lines_of(command) return (#command - FIRST_SKU + 1) / 2 end

local function same_lines(a, b)
  if #a ~= #b then return false end
  for i = 1, #a do
    if a[i] ~= b[i] then return false end
  end
  return true
end

-- Enough units and nobody waiting, in every line. A shut line has somebody or no units.
local function can_be_held(sale, lines)
  for i = 1, #lines, 2 do
    local item = records.item(sale, lines[i])
    if item.waiting > 0 or lines[i + 1] > item.available then return false end
  end
  return true
end

-- Every line can ever serve it and takes newcomers, as far as the line itself goes.
local function may_wait(sale, lines)
  for i = 1, #lines, 2 do
    local item = records.item(sale, lines[i])
    if item.shut or lines[i + 1] > records.can_ever_be_left(item) then return false end
  end
  return true
end

-- Whether the buyer may have so many units more.
function dibs.allowance_permits(sale, buyer, units)
  local limit = sale.spec.limit
  if not buyer then return units <= limit end
  records.settle(sale, buyer)
  return buyer.units + units <= limit
end

-- `sku quantity price` of each line, with blanks between.
local function lines_text(sale, lines)
  local words = {}
  for i = 1, #lines, 2 do
    local item = sale.spec.items[lines[i]]
    words[#words + 1] = item[1] .. ' ' .. dibs.text(lines[i + 1]) .. ' ' .. dibs.text(item[3])
  end
  return words[2] and table.concat(words, ' ') or words[1]
end

local function accept(sale, command, lines, order_state)
  local spec = sale.spec
  sale.arrival = sale.arrival + 1
  local order = { key = command[4], arrival = sale.arrival, buyer = command[6], state = 'released', money = 'none',
    reason = '', deadline = 0, declines = 0, extended = false, gen = 0, lines = lines }
  local expires_at
  if order_state == 'held' then
    if spec.payment == 'none' then
      order_state = 'paid'
    else
      expires_at = state.deadline_after(sale, spec.hold)
    end
  end
  fold.accepted(sale, order, order_state, command[7], command[8], lines_text(sale, lines), expires_at)
  serve.lines(sale, dibs.ORDERS_PER_STEP)
  return 'ok', { 'order', order.key }, order.arrival
end

-- Somebody was refused because the line was full: nobody may be let in past them. A line in which nobody waits and
-- units are free reopens at once; both facts are recorded, since whoever comes next is served and no comparison may
-- cross that.
local function shut_lines(sale, lines, arrival)
  for i = 1, #lines, 2 do
    local item = records.item(sale, lines[i])
    if not item.shut then fold.line_shut(sale, item, arrival) end
  end
  serve.lines(sale, dibs.ORDERS_PER_STEP)
end

local function refuse(sale, code, more)
  sale.arrival = sale.arrival + 1
  return code, more, sale.arrival
end

local function buy(sale, command)
  if command[5] ~= '' then return 'malformed', { 'detail', command[5] } end
  local lines, units, amount = resolve(sale, command)
  if not lines then return 'unknown_sku' end
  if amount > dibs.AMOUNT_MAX then
    return 'malformed', { 'detail', "The order's amount is above 2^53 - 1." }
  end

  local buyer = records.find_buyer(sale, command[6])
  local earlier = buyer and command[7] ~= '' and records.remembered(sale, command[6] .. ' ' .. command[7])
  if earlier then
    if not same_lines(records.order(sale, earlier).lines, lines) then return refuse(sale, 'idempotency_mismatch') end
    return 'ok', { 'order', earlier, 'replayed', 1 }
  end
  if sale.closed then return refuse(sale, 'closed') end
  if sale.paused then return refuse(sale, 'paused') end
  if not sale.opened then return refuse(sale, 'not_open', { 'opens_at', sale.spec.opens_at }) end
  if not dibs.allowance_permits(sale, buyer, units) then return refuse(sale, 'limit_reached') end

  if can_be_held(sale, lines) then return accept(sale, command, lines, 'held') end
  if sale.spec.line_limit == 0 or not may_wait(sale, lines) then return refuse(sale, 'sold_out') end
  if sale.waiting < sale.spec.line_limit then return accept(sale, command, lines, 'waiting') end
  local code, more, arrival = refuse(sale, 'sold_out')
  shut_lines(sale, lines, arrival)
  return code, more, arrival
end

dibs.decide = { buy = buy }
