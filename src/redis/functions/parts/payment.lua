-- include parts/buy.lua
-- Paying, leaving, refunding. Every hold resolves once: each of these decides on the order's state as it is, and a
-- repeated command finds what the first one left and answers with that.
--
-- command   {name, actor, owner, order's key, argument}
local records, fold, serve, state, decide = dibs.records, dibs.fold, dibs.serve, dibs.state, dibs.decide

local function serve_lines(sale) serve.lines(sale, dibs.ORDERS_PER_STEP) end

-- Exactly this order's units go back, and to the heads of the lines in the same step.
local function release(sale, order, reason, money)
  fold.released(sale, order, reason, money)
  serve_lines(sale)
end

-- Each takes the sale, the order, its state, and the command's argument.
local of_order = {}

-- Units are kept for at least the payment window more, but only once, or nobody would have to pay.
function of_order.begin(sale, order, is)
  if is == 'paying' then return 'ok' end
  if is == 'released' and order.reason == 'expired' then return 'too_late' end
  if is ~= 'held' then return 'wrong_state' end
  local deadline = state.expires_at(sale, order)
  local window_ends = state.deadline_after(sale, sale.spec.payment_window)
  local extends = not order.extended and deadline < window_ends
  fold.paying(sale, order, order.declines + 1, extends and window_ends or deadline, extends)
  serve_lines(sale)
  return 'ok'
end

-- Whoever left by themselves is not brought back. The others are, when that takes nothing from anybody: units are
-- free, nobody waits for them, and the buyer has the allowance for them.
local function can_be_taken_late(sale, order)
  if order.reason ~= 'expired' and order.reason ~= 'payment_failed' then return false end
  for i = 1, #order.lines, 2 do
    local item = records.item(sale, order.lines[i])
    if item.waiting > 0 or order.lines[i + 1] > item.available then return false end
  end
  return dibs.allowance_permits(sale, records.find_buyer(sale, order.buyer), records.units(order))
end

-- The hold is gone, but the money is there. What becomes of that money is decided once and recorded, so that a
-- repeated success changes nothing, however many units are free by then.
local function succeed_late(sale, order, captured)
  if order.money ~= 'none' then return 'too_late' end
  local by_provider = sale.spec.payment == 'provider'
  if can_be_taken_late(sale, order) then
    fold.paid(sale, order, (captured or not by_provider) and 'captured' or 'authorised', true)
    serve_lines(sale)
    return 'ok'
  end
  if by_provider and captured then
    fold.refund_due(sale, order)
  else
    fold.money_moved(sale, order, 'void')
  end
  return 'too_late'
end

function of_order.succeed(sale, order, is, captured)
  if is == 'paid' then return 'ok' end
  if dibs.holds_units(is) then
    -- A shop that says so has the money.
    local has_it = captured or sale.spec.payment ~= 'provider'
    fold.paid(sale, order, has_it and 'captured' or 'authorised', false)
    serve_lines(sale)
    return 'ok'
  end
  if is ~= 'released' or order.reason == 'refunded' then return 'wrong_state' end
  return succeed_late(sale, order, captured)
end

function of_order.fail(sale, order, is)
  local heard_before = (is == 'held' and order.declines > 0) or
    (is == 'released' and order.reason == 'payment_failed')
  if heard_before then return 'ok' end
  if is ~= 'paying' then return 'wrong_state' end
  if order.declines + 1 < sale.spec.attempts then
    fold.declined(sale, order)
    serve_lines(sale)
  else
    release(sale, order, 'payment_failed', 'none')
  end
  return 'ok'
end

function of_order.capture(sale, order, is, captured)
  local money = order.money
  if is == 'paid' and money == 'authorised' then
    if captured then
      fold.money_moved(sale, order, 'captured')
      serve_lines(sale) -- the last that could come back may be gone
    else
      release(sale, order, 'capture_failed', 'void')
    end
    return 'ok'
  end
  local heard_before = order.reason == 'capture_failed'
  if captured then heard_before = money == 'captured' or money == 'refund_due' or money == 'refunded' end
  return heard_before and 'ok' or 'wrong_state'
end

function of_order.release(sale, order, is, reason)
  if is == 'released' then return 'ok' end
  if not dibs.holds_units(is) then return 'wrong_state' end
  release(sale, order, reason, 'none')
  return 'ok'
end

function of_order.cancel(sale, order, is)
  if is == 'released' then return 'ok' end
  if not dibs.holds_units(is) and is ~= 'waiting' then return 'wrong_state' end
  release(sale, order, 'cancelled', 'none')
  return 'ok'
end

-- The money goes back once, and the units go back once, maybe at a second call.
function of_order.refund(sale, order, is, restock)
  local returned = order.money == 'refund_due' or order.money == 'refunded'
  if not returned and is ~= 'paid' then return 'wrong_state' end
  if order.money == 'authorised' then
    return 'wrong_state', 'The payment is not captured yet; try again after that.'
  end
  if not returned then
    fold.refund_due(sale, order)
    -- Whoever calls has moved, or moves, the money: there is nobody else to report it.
    if sale.spec.payment ~= 'provider' then fold.money_moved(sale, order, 'refunded') end
  end
  if restock and is == 'paid' then release(sale, order, 'refunded', order.money) end
  return 'ok'
end

function of_order.refund_settled(sale, order)
  if order.money == 'refunded' then return 'ok' end
  if order.money ~= 'refund_due' then return 'wrong_state' end
  fold.money_moved(sale, order, 'refunded')
  return 'ok'
end

-- While a library is loaded Lua's own functions are not there, so no pairs().
local NAMES = { 'begin', 'succeed', 'fail', 'capture', 'release', 'cancel', 'refund', 'refund_settled' }
for i = 1, #NAMES do
  local decision = of_order[NAMES[i]]
  decide[NAMES[i]] = function(sale, command)
    local order = records.order(sale, command[4])
    local owner = command[3]
    if not order or (owner ~= '' and order.buyer ~= owner) then return 'unknown_order' end
    local code, detail = decision(sale, order, records.state_of(sale, order), command[5])
    if detail then return code, { 'order', order.key, 'detail', detail } end
    return code, { 'order', order.key }
  end
end
dibs.is_of_order = of_order
