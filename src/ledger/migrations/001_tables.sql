-- One statement a paragraph. {table} ends each table in the words of the database at hand.

CREATE TABLE {new} sales (
  sale        VARCHAR(64)  NOT NULL,
  test        SMALLINT     NOT NULL,
  state       VARCHAR(12)  NOT NULL,
  ever_opened SMALLINT     NOT NULL,
  title       VARCHAR(800) NOT NULL,
  currency    VARCHAR(3)   NOT NULL,
  payment     VARCHAR(12)  NOT NULL,
  opens_at    VARCHAR(32)  NOT NULL,
  closes_at   VARCHAR(32)  NOT NULL,
  seq         BIGINT       NOT NULL,
  PRIMARY KEY (sale)
) {table}

CREATE TABLE {new} items (
  sale      VARCHAR(64)  NOT NULL,
  sku       VARCHAR(64)  NOT NULL,
  number    INT          NOT NULL,
  title     VARCHAR(800) NOT NULL,
  price     BIGINT       NOT NULL,
  stock     BIGINT       NOT NULL,
  total     BIGINT       NOT NULL,
  available BIGINT       NOT NULL,
  held      BIGINT       NOT NULL,
  sold      BIGINT       NOT NULL,
  seq       BIGINT       NOT NULL,
  PRIMARY KEY (sale, sku),
  CHECK (available + held + sold = total AND available >= 0 AND held >= 0 AND sold >= 0)
) {table}

CREATE TABLE {new} orders (
  sale       VARCHAR(64)  NOT NULL,
  arrival    BIGINT       NOT NULL,
  order_id   VARCHAR(120) NOT NULL,
  buyer      VARCHAR(128) NOT NULL,
  reference  VARCHAR(64)  NOT NULL,
  state      VARCHAR(12)  NOT NULL,
  money      VARCHAR(12)  NOT NULL,
  reason     VARCHAR(16)  NOT NULL,
  amount     BIGINT       NOT NULL,
  created_at VARCHAR(32)  NOT NULL,
  changed_at VARCHAR(32)  NOT NULL,
  seq        BIGINT       NOT NULL,
  PRIMARY KEY (sale, arrival)
) {table}

CREATE TABLE {new} order_lines (
  sale     VARCHAR(64) NOT NULL,
  arrival  BIGINT      NOT NULL,
  sku      VARCHAR(64) NOT NULL,
  quantity INT         NOT NULL,
  price    BIGINT      NOT NULL,
  PRIMARY KEY (sale, arrival, sku)
) {table}

CREATE TABLE {new} applied (
  sale     VARCHAR(64)  NOT NULL,
  epoch    VARCHAR(64)  NOT NULL,
  seq      BIGINT       NOT NULL,
  hash     VARCHAR(64)  NOT NULL,
  previous VARCHAR(64)  NOT NULL,
  at       VARCHAR(32)  NOT NULL,
  position BIGINT       NOT NULL,
  stopped  VARCHAR(500) NOT NULL,
  PRIMARY KEY (sale)
) {table}

CREATE TABLE {new} followed (
  source   VARCHAR(200) NOT NULL,
  position BIGINT       NOT NULL,
  PRIMARY KEY (source)
) {table}
