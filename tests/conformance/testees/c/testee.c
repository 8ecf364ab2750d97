/* The loop: read a line, find its verb, let the verb answer. */
#define _POSIX_C_SOURCE 200809L

#include <stdlib.h>
#include <string.h>

#include "tests/conformance/testees/c/protocol.h"

enum { HANDLES_MAX = 32 };

struct word words[WORDS_MAX];
size_t word_count;
struct handle* self;
void* made;
stave_error error;
stave_buffer* reused;

static struct handle handles[HANDLES_MAX];

/* ---- Handles -------------------------------------------------------------------------------- */

struct handle* find_handle(const char* name) {
  for (size_t i = 0; i < HANDLES_MAX; ++i)
    if (handles[i].kind != KIND_NONE && strcmp(handles[i].name, name) == 0) return &handles[i];
  return NULL;
}

static void bind(const char* name, enum kind kind) {
  for (size_t i = 0; i < HANDLES_MAX; ++i) {
    if (handles[i].kind != KIND_NONE) continue;
    snprintf(handles[i].name, sizeof handles[i].name, "%s", name);
    handles[i].kind = kind;
    handles[i].pointer = made;
    return;
  }
  die("too many handles");
}

/* ---- Arguments ------------------------------------------------------------------------------ */

const struct word* argument(size_t position) {
  if (position >= word_count) die("an argument is missing");
  return &words[position];
}

const struct word* bytes(size_t position) {
  const struct word* word = argument(position);
  if (!word->is_quoted) die("expected bytes in quotes");
  return word;
}

uint64_t number(size_t position) {
  return strtoull(argument(position)->data, NULL, 10);
}

const char* option_text(size_t first) {
  static char text[1024];
  *text = '\0';
  for (size_t i = first; i < word_count; ++i) {
    strncat(text, words[i].data, sizeof text - strlen(text) - 2);
    strcat(text, " ");
  }
  return text;
}

struct flat flatten(size_t first, size_t step) {
  struct flat flat = {.data = NULL};
  size_t total = 0;
  for (size_t i = first; i < word_count; i += step) total += words[i].size;
  char* end = flat.data = malloc(total + 1);
  if (!end) die("out of memory");
  for (size_t i = first; i < word_count; i += step) {
    if (!words[i].is_quoted) {
      flat.sizes64[flat.count++] = STAVE_TOMBSTONE;
      continue;
    }
    memcpy(end, words[i].data, words[i].size);
    end += words[i].size;
    flat.sizes32[flat.count] = (uint32_t)words[i].size;
    flat.sizes64[flat.count++] = words[i].size;
  }
  return flat;
}

stave_status edit_bytes(const struct word* action, stave_buffer* value) {
  const struct word* added = action + 1;
  const size_t kept = strcmp(action->data, "append") == 0 ? value->size : 0;
  const stave_status status = stave_buffer_resize(value, kept + added->size, NULL);
  if (status == STAVE_OK && added->size)
    memcpy((char*)value->data + kept, added->data, added->size);
  return status;
}

static int hex_digit(char digit) {
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

/* Reads quoted bytes from behind the opening quote, in place: they shrink, and a NUL takes the
 * place of what follows. Returns what is behind the closing quote. */
static char* split_bytes(char* line, struct word* word) {
  char* end = word->data = line;
  for (; *line != '"'; ++line, ++end) {
    if (*line == '\0') die("a quote is not closed");
    *end = *line;
    if (*line == '\\' && line[1] == 'x' && line[2] && line[3]) {
      *end = (char)(hex_digit(line[2]) * 16 + hex_digit(line[3]));
      line += 3;
    }
  }
  word->size = (size_t)(end - word->data);
  *end = '\0';
  return line + 1;
}

static void split(char* line) {
  word_count = 0;
  while (*line) {
    if (word_count == WORDS_MAX) die("too many arguments");
    struct word* word = &words[word_count++];
    word->is_quoted = *line == '"';
    if (word->is_quoted) {
      line = split_bytes(line + 1, word);
    } else {
      word->data = line;
      word->size = strcspn(line, " ");
      line += word->size;
    }
    if (*line == ' ') *line++ = '\0';
  }
}

static void drop_words(size_t count) {
  word_count -= count;
  memmove(words, words + count, word_count * sizeof *words);
}

/* ---- Replies -------------------------------------------------------------------------------- */

void die(const char* what) {
  printf("testee_error %s\n", what);
  exit(2);
}

void write_bytes(FILE* to, const void* data, size_t size) {
  const unsigned char* const begin = data;
  putc('"', to);
  for (size_t i = 0; i < size; ++i) {
    const unsigned char byte = begin[i];
    if (byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\')
      putc_unlocked(byte, to);
    else
      fprintf(to, "\\x%02x", byte);
  }
  putc('"', to);
}

void print_bytes(const void* data, size_t size) {
  write_bytes(stdout, data, size);
}

void print_many_values(const char* values, const uint64_t* sizes, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    fputs("  ", stdout);
    if (sizes[i] == STAVE_ABSENT) {
      fputs("absent", stdout);
    } else if (sizes[i] == STAVE_TOMBSTONE) {
      fputs("deleted", stdout);
    } else {
      print_bytes(values, (size_t)sizes[i]);
      values += sizes[i];
    }
    putchar('\n');
  }
}

void print_record(const void* key, size_t key_size, const void* value, size_t value_size) {
  fputs("  ", stdout);
  print_bytes(key, key_size);
  fputs(" = ", stdout);
  print_bytes(value, value_size);
  putchar('\n');
}

void print_names(const stave_buffer* text) {
  char line[1024];
  FILE* lines = fmemopen(text->data, text->size, "r");
  while (lines && fgets(line, sizeof line, lines))
    printf("  %.*s\n", (int)strcspn(line, "="), line);
  if (lines) fclose(lines);
}

void reply(stave_status status) {
  printf("%s%s\n", status < 0 ? "error " : "", stave_status_name(status));
}

void reply_bytes(stave_status status, const void* data, size_t size) {
  if (status != STAVE_OK) {
    reply(status);
    return;
  }
  fputs("ok ", stdout);
  print_bytes(data, size);
  putchar('\n');
}

void reply_number(stave_status status, uint64_t number) {
  if (status == STAVE_OK)
    printf("ok %llu\n", (unsigned long long)number);
  else
    reply(status);
}

void reply_members(stave_status status, const struct member* members, size_t first) {
  for (size_t i = first; status == STAVE_OK && i < word_count; ++i) {
    const struct member* member = members;
    while (member->name && strcmp(words[i].data, member->name) != 0) ++member;
    if (!member->name) die("no such member of the statistics");
    printf("  %s=%llu\n", member->name, (unsigned long long)member->value);
  }
  reply(status);
}

void reply_freed(void) {
  self->kind = KIND_NONE;
  puts("ok");
}

/* ---- The loop ------------------------------------------------------------------------------- */

static const struct verb* find_verb(enum kind kind, const char* name) {
  const struct verb* const tables[] = {
      general_verbs,        store_verbs,   store_watch_verbs,  batch_verbs,
      cursor_verbs,         index_verbs,   index_hashed_verbs, index_range_verbs,
      index_cursor_verbs,   cow_map_verbs, disk_index_verbs,   memtable_verbs,
      memtable_child_verbs, NULL};
  for (size_t i = 0; tables[i]; ++i)
    for (const struct verb* verb = tables[i]; verb->name; ++verb)
      if (verb->self == kind && strcmp(verb->name, name) == 0) return verb;
  die("no such verb");
}

/* "verb ...", "handle verb ...", and both with "name = " before them. */
static void answer(char* line) {
  const char* name = NULL;
  split(line);
  if (word_count > 2 && strcmp(words[1].data, "=") == 0) {
    name = words[0].data;
    drop_words(2);
  }
  self = word_count ? find_handle(words[0].data) : NULL;
  if (self) drop_words(1);
  if (word_count == 0) die("no verb");
  const struct verb* verb = find_verb(self ? self->kind : KIND_NONE, words[0].data);
  drop_words(1);
  made = NULL;
  verb->run();
  if (made && !name) die("a handle without a name");
  if (made) bind(name, verb->makes);
}

int main(void) {
  stave_buffer buffer;
  char* line = NULL;
  size_t capacity = 0;
  ssize_t size;
  stave_buffer_init(&buffer);
  reused = &buffer;
  while ((size = getline(&line, &capacity, stdin)) > 0) {
    if (line[size - 1] == '\n') line[size - 1] = '\0';
    answer(line);
    fflush(stdout);
  }
  stave_buffer_free(&buffer);
  free(line);
  return 0;
}
