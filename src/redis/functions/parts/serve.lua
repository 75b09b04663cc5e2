-- include parts/endings.lua
-- Serving the lines: after every change, whoever is at the head and can be served is served, in the same atomic step.
-- An order for several SKUs is served when it is at the head of all its lines. The earliest to arrive of all who wait
-- is always at the head of all of its lines, so orders that want the same things crosswise cannot lock each other out.
local serve = {}
dibs.serve = serve
local records, line, fold, endings = dibs.records, dibs.line, dibs.fold, dibs.endings

-- What a line may need, in the order in which it is done: an ended line or order may clear the way for a promotion.
local REOPEN, END_LINE, END_HEAD, PROMOTE_HEAD = 1, 2, 3, 4

local function can_never_be_served(sale, order)
  for i = 1, #order.lines, 2 do
    local item = records.item(sale, order.lines[i])
    if order.lines[i + 1] > records.can_ever_be_left(item) then return true end
  end
  return false
end

local function can_be_served_now(sale, order)
  for i = 1, #order.lines, 2 do
    local item = records.item(sale, order.lines[i])
    if order.lines[i + 1] > item.available or line.head(sale, item) ~= order then return false end
  end
  return true
end

-- What the line of the item needs, and its head; nil when nothing.
local function service_of(sale, item)
  if item.waiting == 0 then
    if item.shut and item.available > 0 then return REOPEN end
    return nil
  end
  if records.can_ever_be_left(item) == 0 then return END_LINE end
  local head = line.head(sale, item)
  if can_never_be_served(sale, head) then return END_HEAD, head end
  if can_be_served_now(sale, head) then return PROMOTE_HEAD, head end
end

function serve.anything(sale)
  if endings.under_way(sale) then return true end
  for number in pairs(sale.touched) do
    if service_of(sale, records.item(sale, number)) then return true end
  end
  return false
end

-- Among services of one kind the earliest arrival first, then the first item.
local function before(kind, arrival, number, best)
  if not best then return true end
  if kind ~= best.kind then return kind < best.kind end
  if arrival ~= best.arrival then return arrival < best.arrival end
  return number < best.number
end

-- The next service due, forgetting the touched items that need none. The order in which Lua walks a table does not
-- matter: the best is the same whichever is seen first.
local function take_service(sale)
  local best
  for number in pairs(sale.touched) do
    local kind, head = service_of(sale, records.item(sale, number))
    if not kind then
      sale.touched[number] = nil
    else
      local arrival = head and head.arrival or 0
      if before(kind, arrival, number, best) then
        best = { kind = kind, arrival = arrival, number = number, head = head }
      end
    end
  end
  return best
end

local function promote(sale, order)
  if sale.spec.payment == 'none' then return fold.promoted(sale, order, 'paid') end
  fold.promoted(sale, order, 'held', dibs.state.deadline_after(sale, sale.spec.promotion))
end

local function give(sale, service)
  local item = records.item(sale, service.number)
  if service.kind == REOPEN then
    fold.line_reopened(sale, item)
  elseif service.kind == END_LINE then
    endings.of_line(sale, item, false)
  elseif service.kind == END_HEAD then
    fold.ended_sold_out(sale, service.head)
  else
    promote(sale, service.head)
  end
end

-- Serves until nothing more can be, `budget` orders have been, or a line that ends has to wait; returns how many were.
-- What is left over stays touched.
function serve.lines(sale, budget)
  local served = 0
  while endings.go_on(sale) and served < budget do
    local service = take_service(sale)
    if not service then break end
    give(sale, service)
    served = served + 1
  end
  return served
end
