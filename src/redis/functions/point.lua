-- include parts/words.lua
-- point: from now on a snapshot is the one of its sale, if all of its pieces are there and it is further than the one
-- before, whose pieces go by themselves a little later: somebody may be reading them.
--
-- KEYS     1 meta   2 snapshot   3 the new one's pieces   4 pieces of the one before; 3 again where there is none
-- ARGV     1 epoch   2 seq   3 pieces   4 `pieces` in 2 as the caller has read it, '' for none   5 … fields of 2 and
--          their values
-- result   'ok', or what keeps it from being one, with nothing changed: 'fenced' (other data, or not as far),
--          'incomplete' (pieces are missing), 'passed' (another is as far, or has come meanwhile)
local LEFT_FOR = 30 -- seconds

redis.register_function('dibs_point_' .. VERSION, function(keys, args)
  local meta = redis.call('HMGET', keys[1], 'epoch', 'seq')
  if meta[1] ~= args[1] or tonumber(meta[2]) < tonumber(args[2]) then return 'fenced' end
  if redis.call('HLEN', keys[3]) ~= tonumber(args[3]) then return 'incomplete' end
  local before = redis.call('HMGET', keys[2], 'epoch', 'seq', 'pieces', 'damaged')
  if (before[3] or '') ~= args[4] then return 'passed' end
  local further = tonumber(args[2]) > tonumber(before[2] or 0) or before[4]
  if before[1] == args[1] and not further then return 'passed' end
  redis.call('PERSIST', keys[3])
  if keys[4] ~= keys[3] then redis.call('EXPIRE', keys[4], LEFT_FOR) end
  redis.call('DEL', keys[2])
  redis.call('HSET', keys[2], unpack(args, 5))
  return 'ok'
end)
