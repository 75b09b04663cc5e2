-- include parts/words.lua
-- trim: notes how far this gateway's followers are, and cuts events that a snapshot stands for and that every follower
-- of any gateway is done with.
--
-- KEYS     1 meta   2 events   3 snapshot   4 followers
-- ARGV     1 epoch   2 last event that the caller would cut   3 how many events stay in any case
--          4 how many one call cuts at most   5 … name of a follower and the last event it needs no more, or '-': it
--          wants none
-- result   {'ok', seq, first event that is left, seq of the snapshot, last event that may be cut, why not more}, or
--          {'fenced'} when the data are others and nothing was done
--          why: the name of the follower that is the furthest behind, 'margin', 'snapshot', 'caller', or 'nobody' while
--          no ledger and no Kafka follows
local function is_record(name) return string.find(name, '^ledger ') or string.find(name, '^kafka ') end

-- The events up to which everything else is done, and what is behind there.
local function bound(keys, args, seq, snapshot)
  local upto, why = seq - tonumber(args[3]), 'margin'
  local function at_most(last, name)
    if last < upto then upto, why = last, name end
  end
  at_most(tonumber(args[2]), 'caller')
  -- The event a snapshot or a follower stands at is left: it is known again by it.
  at_most(snapshot - 1, 'snapshot')
  local followers, any = redis.call('HGETALL', keys[4]), false
  for i = 1, #followers, 2 do
    any = any or is_record(followers[i])
    at_most(tonumber(followers[i + 1]) - 1, followers[i])
  end
  if not any then return 0, 'nobody' end
  return math.max(upto, 0), why
end

redis.register_function('dibs_trim_' .. VERSION, function(keys, args)
  dibs.forget_texts()
  local meta = redis.call('HMGET', keys[1], 'epoch', 'seq')
  if not meta[1] or meta[1] ~= args[1] then return { 'fenced' } end
  for i = 5, #args, 2 do
    if args[i + 1] == '-' then
      redis.call('HDEL', keys[4], args[i])
    else
      redis.call('HSET', keys[4], args[i], args[i + 1])
    end
  end
  local pointer = redis.call('HMGET', keys[3], 'epoch', 'seq', 'damaged')
  local snapshot = pointer[1] == args[1] and not pointer[3] and tonumber(pointer[2]) or 0
  local seq = tonumber(meta[2])
  local oldest = redis.call('XRANGE', keys[2], '-', '+', 'COUNT', 1)[1]
  local first = oldest and tonumber(string.match(oldest[1], '^%d+')) or seq + 1
  local upto, why = bound(keys, args, seq, snapshot)
  local cut = math.min(upto, first - 1 + tonumber(args[4]))
  if cut >= first then
    redis.call('XTRIM', keys[2], 'MINID', dibs.text(cut + 1) .. '-0')
    first = cut + 1
  end
  return { 'ok', seq, first, snapshot, upto, why }
end)
