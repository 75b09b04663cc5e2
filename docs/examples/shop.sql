-- A shop's own tables beside Dibs, for SQLite and PostgreSQL. `products` and `orders` stand for
-- those you have; the columns named here are the ones that a sale touches.
CREATE TABLE products (
  sku TEXT PRIMARY KEY,
  stock INTEGER NOT NULL CHECK (stock >= 0),             -- what you sell yourself
  in_sale INTEGER NOT NULL DEFAULT 0 CHECK (in_sale >= 0),  -- in Dibs and not sold
  sold INTEGER NOT NULL DEFAULT 0 CHECK (sold >= 0)      -- sold through Dibs
);
CREATE TABLE orders (
  id TEXT PRIMARY KEY,                                   -- the id that Dibs gave
  sale TEXT NOT NULL, buyer TEXT NOT NULL, cart TEXT,
  sku TEXT NOT NULL, quantity INTEGER NOT NULL,
  arrival BIGINT NOT NULL, state TEXT NOT NULL, reason TEXT
);
-- What makes every step safe to repeat: a second time meets the key of the first.
CREATE TABLE sale_moves (sale TEXT, move TEXT, units INTEGER NOT NULL, PRIMARY KEY (sale, move));
CREATE TABLE events_applied (sale TEXT PRIMARY KEY, seq BIGINT NOT NULL);
