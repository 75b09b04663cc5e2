-- include parts/spec.lua
-- include parts/records.lua
-- A sale as one call sees it: its figures in `meta`, and tables for what is read of the rest.
--
-- meta   hash: epoch, seq (of the last event), last_at, last_actor (of that event), arrival (the last given), alive_at
--        (of a late call), spec (packed; absent when the sale does not exist), spec_seq (the event it is of), opened,
--        paused, closed, archived (0 or 1), paused_at, shift, waiting, holding, open_money (orders), touched, swept
--        (numbers of items, with blanks between), leaving, closing (numbers of items: see parts/endings.lua)
local state = {}
dibs.state = state

local FIELDS = { 'epoch', 'last_actor', 'seq', 'last_at', 'arrival', 'alive_at', 'spec_seq', 'paused_at', 'shift',
  'waiting', 'holding', 'open_money', 'opened', 'paused', 'closed', 'archived', 'touched', 'swept',
  'leaving', 'closing' }

local function number(field)
  if not field or field == '0' then return 0 end
  return tonumber(field)
end

-- `touched` and `swept`: a set of items, and how meta keeps it.
local function set_of(field)
  local set = {}
  if field and field ~= '' then
    for n in string.gmatch(field, '%d+') do set[tonumber(n)] = true end
  end
  return set
end
local function field_of(set)
  local list = {}
  for n in pairs(set) do list[#list + 1] = n end
  return table.concat(list, ' ')
end

-- The sale behind the nine keys, as it is on the server; `received` is the time of the call. All its members are named
-- at once: a table that grows member by member is made anew six times.
function state.load(keys, received)
  dibs.forget_texts()
  local f = redis.call('HMGET', keys[1], unpack(FIELDS))
  local sale = {
    keys = { meta = keys[1], items = keys[2], orders = keys[3], buyers = keys[4], keys = keys[5], line = keys[6],
      due = keys[7], events = keys[8], arrivals = keys[9] },
    received = received, at = 0, actor = '', asking = '', drained_at = false, still_away = false,
    events = {}, requests = {}, first_seq = 0, first_arrival = 0,
    epoch = f[1] or '', last_actor = f[2] or '', seq = number(f[3]), last_at = number(f[4]), arrival = number(f[5]),
    alive_at = number(f[6]), spec_seq = number(f[7]), spec = false, new_spec = false,
    paused_at = number(f[8]), shift = number(f[9]),
    waiting = number(f[10]), holding = number(f[11]), open_money = number(f[12]),
    opened = f[13] == '1', paused = f[14] == '1', closed = f[15] == '1', archived = f[16] == '1',
    touched = set_of(f[17]), swept = set_of(f[18]), was_swept = f[18] ~= '',
    leaving = number(f[19]), closing = number(f[20]), may_leave = dibs.LEAVING_PER_CALL,
    base_gone = false, items = {}, orders = {}, buyers = {}, remembered = {}, new_keys = {},
    moved = {}, heap = {}, due = {}, first_due = 1, due_read = 0, due_done = false,
  }
  sale.at = math.max(received, sale.last_at)
  sale.first_seq, sale.first_arrival = sale.seq + 1, sale.arrival + 1
  if sale.spec_seq > 0 then sale.spec = dibs.spec.read(keys[1], sale.epoch, f[7]) end
  return sale
end

-- As if the sale had never been: what Removed, Archived and Created leave. Its numbers go on.
function state.clear(sale)
  sale.base_gone, sale.spec, sale.new_spec, sale.spec_seq = true, false, false, 0
  sale.opened, sale.paused, sale.closed, sale.archived, sale.paused_at, sale.shift = false, false, false, false, 0, 0
  sale.waiting, sale.holding, sale.open_money, sale.leaving, sale.closing = 0, 0, 0, 0, 0
  sale.touched, sale.swept, sale.items, sale.orders, sale.buyers = {}, {}, {}, {}, {}
  sale.remembered, sale.new_keys, sale.moved, sale.heap, sale.due = {}, {}, {}, {}, {}
  sale.first_due, sale.due_read, sale.due_done = 1, 0, false
end

local function flag(value) return value and '1' or '0' end

-- Whether this call has changed more than a refusal does: an event, or somebody who has left an ended line.
function state.changed(sale) return #sale.events > 0 or sale.may_leave < dibs.LEAVING_PER_CALL end

-- The words of the HSET of meta: all of it after a change, otherwise what a refusal changes.
function state.words(sale)
  local text = dibs.text
  local words
  if not state.changed(sale) then
    words = { 'alive_at', text(sale.alive_at), 'arrival', text(sale.arrival) }
  else
    words = { 'alive_at', text(sale.alive_at), 'arrival', text(sale.arrival), 'epoch', sale.epoch,
      'seq', text(sale.seq), 'last_at', text(sale.last_at), 'last_actor', sale.last_actor,
      'spec_seq', text(sale.spec_seq), 'paused_at', text(sale.paused_at), 'shift', text(sale.shift),
      'waiting', text(sale.waiting), 'holding', text(sale.holding), 'open_money', text(sale.open_money),
      'opened', flag(sale.opened), 'paused', flag(sale.paused), 'closed', flag(sale.closed),
      'archived', flag(sale.archived), 'touched', field_of(sale.touched), 'leaving', text(sale.leaving),
      'closing', text(sale.closing) }
    if sale.new_spec then words[#words + 1], words[#words + 2] = 'spec', cmsgpack.pack(sale.spec.members) end
  end
  if sale.was_swept or next(sale.swept) then
    words[#words + 1], words[#words + 2] = 'swept', field_of(sale.swept)
  end
  return words
end

-- Deadlines are made on the sale's clock: in a pause it stands where the pause began, and what remains is counted from
-- the end of it.
function state.deadline_after(sale, window)
  return (sale.paused and sale.paused_at or sale.at) + window
end

function state.expires_at(sale, order) return order.deadline + sale.shift end
