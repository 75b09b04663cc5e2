-- include parts/fence.lua
-- include parts/manage.lua
-- include parts/payment.lua
-- include parts/step.lua
-- include parts/write.lua
-- apply: what is due and a batch of commands of one sale, one after another, as Sale::step and Sale::apply do
-- (src/sale is the description of the rules; tests/redis/differential_test.cpp holds these to it).
--
-- KEYS     the nine of the sale: meta items orders buyers keys line due events arrivals
-- ARGV     1 epoch, '' for any   2 epoch to give if a put creates the data   3 last event that the gateway has
--          4 lowest seq that is acceptable   5 time in us, '' for the server's clock
--          6 us without a call after which all gateways were away, 0 for never
--          7 '1': something is written in any case, so that a WAIT behind this call waits for all that it has seen
--          8 … commands, packed: see parts/buy.lua, parts/payment.lua, parts/manage.lua; a buy of one SKU without
--          actor, owner and objection: see unpack_command
-- result   {'ok', epoch, seq, time, next due or -1, seq of the first event below, results, events}, or
--          {'fenced', epoch, seq, why} when nothing was done
--          results: code, arrival or 0, seq, time, {name, value, …} or 0 for each command that was reached, one after
--          another; events: {id, {field, value, …}} as XRANGE gives them
local records, step = dibs.records, dibs.step
local FIRST_COMMAND = 8

-- A command as its decision takes it. A plain buy does not come as MessagePack but as what struct reads, in a third of
-- the time: 'b', then order, buyer, SKU, key and reference with their lengths in a byte, then two bytes of quantity.
local PLAIN_BUY = 98
local function unpack_command(word)
  if string.byte(word) ~= PLAIN_BUY then return cmsgpack.unpack(word) end
  local order, buyer, sku, key, reference, quantity = struct.unpack('<Bc0Bc0Bc0Bc0Bc0H', word, 2)
  return { 'buy', '', '', order, '', buyer, key, reference, sku, quantity }
end

-- Reads at once what the buys of a batch look up one after another.
local function read_ahead(sale, commands)
  local buyers, orders, keys = {}, {}, {}
  for i = 1, #commands do
    local command = commands[i]
    if command[1] == 'buy' then
      buyers[#buyers + 1] = command[6]
    elseif #command >= 4 and dibs.is_of_order[command[1]] then
      orders[#orders + 1] = command[4]
    end
  end
  records.read_buyers(sale, buyers)
  records.read_orders(sale, orders)
  for i = 1, #commands do
    local command = commands[i]
    if command[1] == 'buy' and command[7] ~= '' and sale.buyers[command[6]] then
      keys[#keys + 1] = command[6] .. ' ' .. command[7]
    end
  end
  records.read_remembered(sale, keys)
end

-- Somebody holds or waits, and nobody has called for longer than gateways ever let pass: what was due when they were
-- last there comes first, then a Restart, as at the start of an engine. False when that is not done in this call.
local function come_back(sale, away_after)
  local away = sale.received - sale.alive_at
  if away_after == 0 or sale.alive_at == 0 or away <= away_after or not sale.spec then return true end
  if not step.drain(sale, sale.alive_at) then return false end
  sale.at, sale.asking = math.max(sale.received, sale.last_at), ''
  return dibs.restart(sale, away)
end

-- The command's code, what else there is to say, and its arrival; nil when too much was due before it.
local function take(sale, command)
  if command[1] ~= 'restart' and sale.drained_at ~= sale.seq then
    if not step.drain(sale, sale.received) then return nil end
    sale.drained_at = sale.seq
  end
  sale.at = math.max(sale.received, sale.last_at)
  sale.actor, sale.asking = command[2], command[2]
  if not sale.spec and command[1] ~= 'put' then return 'unknown_sale' end
  return dibs.decide[command[1]](sale, command)
end

local function take_all(sale, commands)
  local results, lines = {}, 0
  for i = 1, #commands do
    if #sale.events >= dibs.EVENTS_PER_CALL or lines >= dibs.LINES_PER_CALL then break end
    local command = commands[i]
    if command[1] == 'buy' then lines = lines + dibs.lines_of(command) end
    local code, more, arrival = take(sale, command)
    if not code then break end
    if arrival then
      sale.requests[#sale.requests + 1] = command[6] .. (code == 'ok' and ' ok ' .. command[4] or ' ' .. code)
    end
    local n = #results
    results[n + 1], results[n + 2], results[n + 3] = code, arrival or 0, sale.seq
    results[n + 4], results[n + 5] = sale.at, more or 0
  end
  return results
end

-- The events behind `known`: the first one's seq, and all. Those of others are read from the stream, if they are not
-- too many and still there.
local function events_after(sale, known)
  local events, first = {}, sale.first_seq
  local missing = sale.first_seq - 1 - known
  if missing > 0 and missing <= dibs.FOREIGN_EVENTS then
    local found = redis.call('XRANGE', sale.keys.events, dibs.text(known + 1) .. '-0',
      dibs.text(sale.first_seq - 1) .. '-0')
    if #found == missing then events, first = found, known + 1 end
  end
  for i = 1, #sale.events do
    events[#events + 1] = { dibs.text(sale.first_seq + i - 1) .. '-0', sale.events[i] }
  end
  return first, events
end

redis.register_function('dibs_apply_' .. VERSION, function(keys, args)
  assert(#args - FIRST_COMMAND + 1 <= dibs.COMMANDS_PER_CALL, 'too many commands for one call')
  local sale = dibs.state.load(keys, dibs.time(args[5]))
  local fenced = dibs.fenced(sale, args[1], tonumber(args[4]))
  if fenced then return fenced end
  local commands = {}
  for i = FIRST_COMMAND, #args do commands[i - FIRST_COMMAND + 1] = unpack_command(args[i]) end
  if #commands > 0 and sale.spec then read_ahead(sale, commands) end

  local results = {}
  if come_back(sale, tonumber(args[6])) then
    results = take_all(sale, commands)
    if #commands == 0 then step.drain(sale, sale.received) end
  else
    sale.still_away = true
  end
  if sale.epoch == '' and #sale.events > 0 then sale.epoch = args[2] end
  local first, events = events_after(sale, tonumber(args[3]))
  -- Before the writes: what was read of the sets is no longer so behind them.
  local said = dibs.said(sale, first, results, events)
  dibs.write(sale, args[7] == '1')
  return said
end)
