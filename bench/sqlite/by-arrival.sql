-- Records lie in the order of arrival and are appended; keys name them by a small number.
-- The price: one more table tells whether a record is there already.

-- What the records of one delivery say alike, once.
CREATE TABLE delivery (
  number INTEGER PRIMARY KEY,
  shared BLOB NOT NULL UNIQUE
);

CREATE TABLE record (
  number INTEGER PRIMARY KEY,   -- the rowid: in the order of arrival
  delivery INTEGER NOT NULL,
  envelope BLOB NOT NULL,       -- what it says of itself, as Writ encodes it
  evidence BLOB NOT NULL        -- zstd, by itself
);

CREATE TABLE identity (
  id BLOB PRIMARY KEY,          -- 16 bytes of the digest of identity and content
  record INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE key (
  term INTEGER NOT NULL,        -- 5-byte fingerprint of kind, namespace, value, role and class
  time INTEGER NOT NULL,        -- microseconds since 1970
  record INTEGER NOT NULL,
  PRIMARY KEY (term, time, record)
) WITHOUT ROWID;
