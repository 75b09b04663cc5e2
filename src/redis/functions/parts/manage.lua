-- include parts/buy.lua
-- include parts/step.lua
-- What operators do with a sale as a whole.
--
-- commands  {'put', actor, owner, members, present, objection to them as a whole, objection to a change, the same if
--            nothing is to be paid}   (objections as in buy.lua; see sale::problem_of)
--           {'pause', …}, {'resume', …}, {'close', …}, {'remove', …}
--           {'restart', actor, owner, downtime}
--           {'restock', actor, owner, sku, delta, key, objection to the key}
--           {'archive', actor, owner, seq, SHA-256 of the file in hex}
local records, spec, fold, serve, state, step, decide =
  dibs.records, dibs.spec, dibs.fold, dibs.serve, dibs.state, dibs.step, dibs.decide

local IS_OVER = 'closes_at must be after opens_at; opens_at null is now.'
local HAS_PRICE = 'payment: with none every price is 0.'

local function serve_lines(sale) serve.lines(sale, dibs.ORDERS_PER_STEP) end
local function refuse(code, detail) return code, { 'detail', detail } end

-- "At once" as a time that the API can show and take back: it speaks in milliseconds.
local function at_once(now) return now - now % 1000 end

local function create(sale, members, objection)
  if objection ~= '' then return refuse('malformed', objection) end
  if not members[spec.OPENS_AT] then
    members[spec.OPENS_AT] = at_once(sale.at)
    if spec.is_over(members) then return refuse('malformed', IS_OVER) end
  end
  fold.created(sale, members)
  if members[spec.OPENS_AT] <= sale.at then fold.opened(sale) end
  return 'ok', { 'created', 1 }
end

local function change(sale, members, present, objection, objection_if_free)
  local old = sale.spec.members
  local target = spec.changed(old, members, present)
  -- No opening time means at once; once it is open, that has been fulfilled.
  local opens_now = not target[spec.OPENS_AT] and not sale.opened
  if not target[spec.OPENS_AT] then
    target[spec.OPENS_AT] = sale.opened and old[spec.OPENS_AT] or at_once(sale.at)
  end
  local is_free = target[spec.PAYMENT] == 'none'
  if is_free then objection = objection_if_free end
  if objection == '' and is_free and spec.has_price(target) then objection = HAS_PRICE end
  if objection ~= '' then return refuse('malformed', objection) end
  if opens_now and spec.is_over(target) then return refuse('malformed', IS_OVER) end
  if spec.same(target, old) then return 'ok' end
  if sale.opened or sale.closed then
    local member = spec.frozen_member(old, target, sale.closed)
    if member then
      local why = sale.closed and 'is closed.' or 'has opened.'
      return refuse('wrong_state', member .. ' can no longer change: the sale ' .. why)
    end
  end
  fold.changed(sale, target)
  if not sale.opened and not sale.closed and target[spec.OPENS_AT] <= sale.at then fold.opened(sale) end
  serve_lines(sale)
  return 'ok'
end

function decide.put(sale, command)
  if sale.archived then
    return refuse('wrong_state', 'A sale of this id was sold and archived; its id cannot be used again.')
  end
  if not sale.spec then return create(sale, command[4], command[6]) end
  return change(sale, command[4], command[5], command[7], command[8])
end

function decide.pause(sale)
  if sale.closed then return refuse('wrong_state', 'The sale is closed.') end
  if not sale.paused then fold.paused(sale) end
  return 'ok'
end

function decide.resume(sale)
  if sale.closed then return refuse('wrong_state', 'The sale is closed.') end
  if sale.paused then fold.resumed(sale, sale.at - sale.paused_at, false) end
  return 'ok'
end

-- Nobody was there for `downtime`, at most since the last event. What was due before that comes first; then every
-- hold's deadline moves by it. In a pause deadlines stand still anyway: see sale::Resumed. False when so much was due
-- that this call has done enough.
function dibs.restart(sale, downtime)
  local at = sale.at
  downtime = math.max(0, math.min(downtime, at - sale.last_at))
  if not step.drain(sale, at - downtime) then return false end
  sale.at, sale.actor = at, sale.asking or ''
  if downtime > 0 and (sale.holding > 0 or sale.waiting > 0) then
    fold.resumed(sale, sale.paused and 0 or downtime, true)
  end
  return true
end

function decide.restart(sale, command) return dibs.restart(sale, command[4]) and 'ok' end

-- Not reached when its lines are too long to end in one call: it is sent again, and found closed.
function decide.close(sale)
  if not sale.closed then step.close(sale) end
  return sale.closed and 'ok'
end

function decide.restock(sale, command)
  local sku, delta, key = command[4], command[5], command[6]
  if delta == 0 then return refuse('malformed', 'delta: must not be 0.') end
  local number = sale.spec.by_sku[sku]
  if not number then return 'unknown_sku' end
  if command[7] ~= '' then return refuse('malformed', command[7]) end
  local earlier = key ~= '' and records.remembered(sale, '@ ' .. key)
  if earlier then
    if earlier ~= sku .. ' ' .. dibs.text(delta) then return 'idempotency_mismatch' end
    return 'ok', { 'replayed', 1 }
  end
  if sale.closed then return 'closed' end
  local item = records.item(sale, number)
  if delta < -item.available then
    return refuse('wrong_state', 'More would be withdrawn than is available: the rest is held or sold.')
  end
  if delta > dibs.STOCK_MAX - item.total then
    return refuse('wrong_state', 'The item would have more than 10,000,000 units.')
  end
  fold.stock_changed(sale, item, sku, delta, key)
  serve_lines(sale)
  return 'ok'
end

function decide.remove(sale)
  if sale.opened and not sale.spec.test then
    return refuse('wrong_state', 'Only a test sale or one that never opened can be removed.')
  end
  fold.removed(sale)
  return 'ok'
end

function decide.archive(sale, command)
  if not sale.closed then return refuse('wrong_state', 'The sale is not closed.') end
  local open = sale.waiting + sale.holding + sale.open_money
  if open > 0 then
    return refuse('wrong_state', dibs.text(open) .. ' of its orders are open: waiting, held, paying, authorised and ' ..
      'not captured, or due for a refund.')
  end
  if command[4] ~= sale.seq then return refuse('wrong_state', 'The sale has changed since the file was written.') end
  fold.archived(sale, command[5])
  return 'ok'
end
