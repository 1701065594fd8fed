#include "adapters/sqlite/result_code.h"

#include <sqlite3.h>

namespace orchestrator::sqlite {

errc meaning_of(int result_code) {
    switch (result_code & 0xff) {
        case SQLITE_FULL:
            return errc::store_full;
        case SQLITE_READONLY:
        case SQLITE_PERM:
            return errc::store_read_only;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
            return errc::store_corrupt;
        case SQLITE_CONSTRAINT:  // the schema's own invariant: trying again would break it again
        case SQLITE_TOOBIG:
        case SQLITE_MISMATCH:
            return errc::entry_refused;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
        case SQLITE_NOMEM:
        case SQLITE_INTERRUPT:
        case SQLITE_PROTOCOL:
        case SQLITE_NOLFS:
        case SQLITE_SCHEMA:
            return errc::store_unavailable;
        default:
            return errc::store_unusable;
    }
}

}  // namespace orchestrator::sqlite
