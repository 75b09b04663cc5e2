-- include parts/serve.lua
-- include parts/state.lua
-- What happens by itself at a moment of its own: opening, closing, the end of a hold, in this order at the same
-- moment. Each event is timed by its own deadline, however late it is done.
local step = {}
dibs.step = step
local records, holds, fold, serve, endings = dibs.records, dibs.holds, dibs.fold, dibs.serve, dibs.endings

-- A pause ends with the sale, or its holds would stand for ever. Its lines end one after another, and it is closed when
-- the last has.
local function close(sale)
  if sale.paused then fold.resumed(sale, sale.at - sale.paused_at, false) end
  sale.closing = 1
  serve.lines(sale, dibs.ORDERS_PER_STEP)
end
step.close = close

local function open(sale) fold.opened(sale) end

local function expire(sale, key) fold.released(sale, records.order(sale, key), 'expired', 'none') end

-- The earliest deed, however far away: its moment, what to do, and with which order; nil when there is none.
local function next_deed(sale)
  if not sale.spec then return nil end
  local at, deed, order
  if not sale.closed then
    if not sale.opened then at, deed = sale.spec.opens_at, open end
    local closes_at = sale.spec.closes_at
    if closes_at and (not at or closes_at < at) then at, deed = closes_at, close end
  end
  if not sale.paused then
    local deadline, key = holds.first(sale)
    if deadline and (not at or deadline + sale.shift < at) then
      at, deed, order = deadline + sale.shift, expire, key
    end
  end
  return at, deed, order
end

-- Whether something must be seen to at `now`, before any other command.
function step.is_due(sale, now)
  if serve.anything(sale) then return true end
  local at = next_deed(sale)
  return at ~= nil and at <= now
end

-- The earliest moment at which something will be due if no command comes, or nil.
function step.next_due(sale)
  if serve.anything(sale) then return sale.last_at end
  local at = next_deed(sale)
  return at and math.max(at, sale.last_at)
end

-- Leftovers of the step before come first, at the time and in the name of the event that left them: it was the last
-- one. Then deeds in the order of their own moments, ORDERS_PER_STEP orders at most.
function step.take(sale, now)
  local budget = dibs.ORDERS_PER_STEP
  sale.at, sale.actor = sale.last_at, sale.last_actor
  budget = budget - serve.lines(sale, budget)
  sale.actor = ''
  while budget > 0 and not endings.under_way(sale) do
    local at, deed, order = next_deed(sale)
    if not at or at > now then return end
    sale.at = math.max(at, sale.last_at)
    deed(sale, order)
    budget = budget - 1
    budget = budget - serve.lines(sale, budget)
  end
end

-- Everything that is due at `now`; false when this call has done enough and more is left. Each turn makes an event, or
-- has somebody leave an ended line, or is the last.
function step.drain(sale, now)
  while step.is_due(sale, math.max(now, sale.last_at)) do
    if #sale.events >= dibs.EVENTS_PER_CALL or endings.has_to_wait(sale) then return false end
    step.take(sale, math.max(now, sale.last_at))
  end
  return true
end
