-- include parts/fold.lua
-- The end of a line, in calls of bounded work. It is one event however many stood in it. Those who want its SKU alone
-- are left as they are: see records.state_of. Those who want several SKUs stand in other lines too and leave these,
-- LEAVING_PER_CALL a call; until the last has left nothing else happens in the sale, no command, no deed, no
-- promotion, and it is due at once. So no decision ever meets a line that is half left.
--
-- sale.leaving   number of the item whose line is being left, 0: none
-- sale.closing   number of the item whose line a closing sale looks at next, 0: it is not closing
local endings = {}
dibs.endings = endings
local records, line, fold = dibs.records, dibs.line, dibs.fold

-- Whether nothing else may happen yet.
function endings.under_way(sale) return sale.leaving > 0 or sale.closing > 0 end

-- Whether it goes on in another call.
function endings.has_to_wait(sale) return sale.leaving > 0 and sale.may_leave == 0 end

-- Those who stand in other lines too leave, as many as this call may have leave; whether all have.
local function leave(sale)
  if sale.leaving == 0 then return true end
  local item = records.item(sale, sale.leaving)
  local orders = line.several(sale, item, sale.may_leave)
  for i = 1, #orders do fold.left_behind(sale, orders[i], item) end
  sale.may_leave = sale.may_leave - #orders
  if item.several > 0 then
    assert(sale.may_leave == 0, 'a line is shorter than its count')
    return false
  end
  sale.leaving = 0
  return true
end

-- The item's line, in which somebody waits, ends; whether all have left it.
function endings.of_line(sale, item, by_close)
  fold.line_ended(sale, item, by_close)
  if item.several > 0 then sale.leaving = item.number end
  return leave(sale)
end

-- Goes on with what is under way; false when it has to wait.
function endings.go_on(sale)
  if not leave(sale) then return false end
  while sale.closing > 0 do
    if sale.closing > #sale.spec.items then
      fold.closed(sale)
      sale.closing = 0
      return true
    end
    local item = records.item(sale, sale.closing)
    sale.closing = sale.closing + 1
    if item.waiting > 0 and not endings.of_line(sale, item, true) then return false end
  end
  return true
end
