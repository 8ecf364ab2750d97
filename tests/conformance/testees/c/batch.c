/* Verbs of batches. */
#include "tests/conformance/testees/c/protocol.h"

static void batch_create(void) {
  stave_batch* batch;
  const stave_status status = stave_batch_create(&batch, &error);
  if (status == STAVE_OK) made = batch;
  reply(status);
}

static void batch_put(void) {
  const struct word *key = bytes(0), *value = bytes(1);
  reply(stave_batch_put(self->pointer, key->data, key->size, value->data, value->size, &error));
}

static void batch_remove(void) {
  const struct word* key = bytes(0);
  reply(stave_batch_remove(self->pointer, key->data, key->size, &error));
}

static void require(uint32_t condition) {
  static const struct word none = {1, NULL, 0};
  const struct word* key = bytes(0);
  const struct word* value = condition == STAVE_REQUIRE_EQUAL ? bytes(1) : &none;
  reply(stave_batch_require(self->pointer, key->data, key->size, condition, value->data,
                            value->size, &error));
}

static void batch_require_absent(void) {
  require(STAVE_REQUIRE_ABSENT);
}
static void batch_require_exists(void) {
  require(STAVE_REQUIRE_EXISTS);
}
static void batch_require_equal(void) {
  require(STAVE_REQUIRE_EQUAL);
}

static void batch_count(void) {
  uint64_t count = 0;
  const stave_status status = stave_batch_count(self->pointer, &count, &error);
  reply_number(status, count);
}

static void batch_clear(void) {
  reply(stave_batch_clear(self->pointer, &error));
}

static void batch_close(void) {
  reply(stave_batch_close(self->pointer, &error));
}

static void batch_free(void) {
  stave_batch_free(self->pointer);
  reply_freed();
}

const struct verb batch_verbs[] = {
    {KIND_NONE, KIND_BATCH, "batch.create", batch_create},
    {KIND_BATCH, KIND_NONE, "put", batch_put},
    {KIND_BATCH, KIND_NONE, "remove", batch_remove},
    {KIND_BATCH, KIND_NONE, "require_absent", batch_require_absent},
    {KIND_BATCH, KIND_NONE, "require_exists", batch_require_exists},
    {KIND_BATCH, KIND_NONE, "require_equal", batch_require_equal},
    {KIND_BATCH, KIND_NONE, "count", batch_count},
    {KIND_BATCH, KIND_NONE, "clear", batch_clear},
    {KIND_BATCH, KIND_NONE, "close", batch_close},
    {KIND_BATCH, KIND_NONE, "free", batch_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
