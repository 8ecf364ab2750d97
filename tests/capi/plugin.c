/* Somebody's plugin, which brings Stave along as a static library and may be unloaded. */
#include <stave/stave.h>

/* 0, or the line that is not so. */
int plugin_run(void);

int plugin_run(void) {
  stave_index* index;
  stave_cow_map* map;
  uint64_t value = 0;
  if (stave_index_create(NULL, NULL, &index, NULL) != STAVE_OK) return __LINE__;
  if (stave_index_put(index, "key", 3, 7, NULL, NULL, NULL) != STAVE_OK) return __LINE__;
  if (stave_index_get(index, "key", 3, &value, NULL) != STAVE_OK || value != 7) return __LINE__;
  if (stave_index_remove(index, "key", 3, NULL, NULL) != STAVE_OK) return __LINE__;
  stave_index_free(index);
  if (stave_cow_map_create(NULL, &map, NULL) != STAVE_OK) return __LINE__;
  if (stave_cow_map_put(map, 1, "value", 5, NULL, NULL, NULL) != STAVE_OK) return __LINE__;
  if (stave_cow_map_remove(map, 1, NULL, NULL) != STAVE_OK) return __LINE__;
  stave_cow_map_free(map);
  return 0;
}
