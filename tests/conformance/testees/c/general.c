/* Verbs without a handle, and those of pins. */
#include "tests/conformance/testees/c/protocol.h"

#include <stdlib.h>
#include <string.h>

static void hello(void) {
  puts("ok format=2 language=c capabilities=store,modify,keydir,index,cow_map,disk_index,memtable");
}

static void live_handles(void) {
  printf("ok %llu\n", (unsigned long long)stave_live_handles());
}

static void version(void) {
  printf("ok %s %u\n", stave_version_text(), stave_version());
}

static void status(void) {
  const stave_status code = atoi(argument(0)->data);
  const char* message = stave_status_message(code);
  printf("ok %s%s\n", stave_status_name(code), message[0] ? "" : " no_message");
}

static void error_mentions(void) {
  printf("ok %d\n", strstr(error.message, bytes(0)->data) != NULL);
}

static void error_errno(void) {
  printf("ok %d\n", (int)error.os_errno);
}

static void pin_data(void) {
  reply_bytes(STAVE_OK, stave_pin_data(self->pointer), stave_pin_size(self->pointer));
}

static void pin_size(void) {
  reply_number(STAVE_OK, stave_pin_size(self->pointer));
}

static void pin_free(void) {
  stave_pin_free(self->pointer);
  reply_freed();
}

const struct verb general_verbs[] = {
    {KIND_NONE, KIND_NONE, "hello", hello},
    {KIND_NONE, KIND_NONE, "handles", live_handles},
    {KIND_NONE, KIND_NONE, "version", version},
    {KIND_NONE, KIND_NONE, "status", status},
    {KIND_NONE, KIND_NONE, "error_mentions", error_mentions},
    {KIND_NONE, KIND_NONE, "error_errno", error_errno},
    {KIND_PIN, KIND_NONE, "data", pin_data},
    {KIND_PIN, KIND_NONE, "size", pin_size},
    {KIND_PIN, KIND_NONE, "free", pin_free},
    {KIND_NONE, KIND_NONE, NULL, NULL},
};
