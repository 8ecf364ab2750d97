/* The public headers, in the order of their includes, which SWIG does not follow. Behind errors.h, which
 * some interface files read in a way of their own. */

%include <stave/stave.h>
%include <stave/cow_map.h>
%include <stave/disk_index.h>
%include <stave/index.h>
%include <stave/memtable.h>
%include <stave/store.h>
%include <stave/store_update.h>
%include <stave/store_watch.h>
