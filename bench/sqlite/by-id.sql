-- Everything is found by the record's own id, so a key leads to a record in one step.
-- The price: records and keys both go to places all over the file.

-- What the records of one delivery say alike, once.
CREATE TABLE delivery (
  number INTEGER PRIMARY KEY,
  shared BLOB NOT NULL UNIQUE
);

CREATE TABLE record (
  id BLOB PRIMARY KEY,          -- 16 bytes of the digest of identity and content
  delivery INTEGER NOT NULL,
  envelope BLOB NOT NULL,       -- what it says of itself, as Writ encodes it
  evidence BLOB NOT NULL        -- zstd, by itself
) WITHOUT ROWID;

CREATE TABLE key (
  term INTEGER NOT NULL,        -- 5-byte fingerprint of kind, namespace, value, role and class
  time INTEGER NOT NULL,        -- microseconds since 1970
  record BLOB NOT NULL,
  PRIMARY KEY (term, time, record)
) WITHOUT ROWID;
