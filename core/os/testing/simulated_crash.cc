// What a crash makes of a file's unsynced changes: the members of SimulatedContent that build the
// contents of crash images.
#include <algorithm>

#include "core/os/testing/simulated_content.h"

namespace stave::os {

namespace {

constexpr uint64_t page_size = simulated_page_size;
constexpr uint64_t sector_size = simulated_sector_size;

bool survives(CrashPlan::Keep keep, SeededRandom& random) noexcept {
  return keep == CrashPlan::Keep::all || (keep == CrashPlan::Keep::random && random.coin());
}

// Writes that survive the crash, with the zeros between the old end and a write beyond it.
void put(std::vector<std::byte>& bytes, uint64_t offset, Bytes from) {
  if (from.empty()) return;
  bytes.resize(std::max<uint64_t>(bytes.size(), offset + from.size()));
  copy(bytes.data() + offset, from);
}

}  // namespace

CrashPlan CrashPlan::draw(uint64_t seed) noexcept {
  SeededRandom random(seed);
  const auto keep = [&random] {
    const uint64_t choice = random.below(8);
    return choice == 0 ? Keep::none : choice == 1 ? Keep::all : Keep::random;
  };
  CrashPlan plan;
  plan.writes = keep();
  plan.mapped = keep();
  plan.directories = keep();
  plan.tear = static_cast<Tear>(random.below(3));
  plan.directory_order = random.coin() ? DirectoryOrder::prefix : DirectoryOrder::any;
  return plan;
}

// `random` is null when the change survives whole.
void SimulatedContent::apply(const Change& change, CrashPlan::Tear tear, SeededRandom* random,
                             std::vector<std::byte>& bytes) {
  if (change.kind == Change::Kind::truncate) return bytes.resize(change.at);
  if (change.kind == Change::Kind::allocate)
    return bytes.resize(std::max<uint64_t>(bytes.size(), change.at));
  const Bytes from(change.bytes);
  if (!random || tear == CrashPlan::Tear::none || random->coin())
    return put(bytes, change.at, from);
  if (tear == CrashPlan::Tear::byte && random->coin()) {
    const size_t cut = static_cast<size_t>(random->below(from.size() + 1));
    if (random->coin()) return put(bytes, change.at, from.first(cut));
    return put(bytes, change.at + cut, from.subspan(cut));
  }
  for (size_t begin = 0; begin < from.size();) {
    const uint64_t sector_end = ((change.at + begin) / sector_size + 1) * sector_size;
    const auto end = static_cast<size_t>(std::min<uint64_t>(from.size(), sector_end - change.at));
    if (random->coin()) put(bytes, change.at + begin, from.subspan(begin, end - begin));
    begin = end;
  }
}

// Where live differs from the clean bytes with all changes, a mapping was stored through: such a
// page, or part of it, reaches the device whenever the kernel likes. Bytes beyond the size that
// survived are not part of the file.
void SimulatedContent::keep_mapped_pages(const CrashPlan& plan, SeededRandom& random,
                                         std::vector<std::byte>& bytes) const {
  std::vector<std::byte> expected_copy;
  const std::vector<std::byte>* expected = &clean();
  if (!changes_.empty()) {
    expected_copy = *expected;
    for (const Change& change : changes_)
      apply(change, CrashPlan::Tear::none, nullptr, expected_copy);
    expected = &expected_copy;
  }
  for (uint64_t page = 0; page * page_size < size_; page++) {
    if (!differs_from(*expected, page)) continue;
    const bool whole = plan.mapped == CrashPlan::Keep::all || plan.tear == CrashPlan::Tear::none ||
                       random.below(3) == 0;
    if (!whole)
      mix_page(page, plan.tear, random, bytes);
    else if (survives(plan.mapped, random))
      copy_page(bytes, page);
  }
}

void SimulatedContent::mix_page(uint64_t page, CrashPlan::Tear tear, SeededRandom& random,
                                std::vector<std::byte>& bytes) const {
  const uint64_t page_end = std::min<uint64_t>({(page + 1) * page_size, size_, bytes.size()});
  for (uint64_t begin = page * page_size; begin < page_end; begin += sector_size) {
    const uint64_t end = std::min(begin + sector_size, page_end);
    uint64_t from = begin;
    uint64_t to = end;
    if (tear == CrashPlan::Tear::byte && random.below(4) == 0) {
      const uint64_t cut = begin + random.below(end - begin + 1);
      (random.coin() ? from : to) = cut;
    } else if (random.coin()) {
      continue;
    }
    copy_racing(bytes.data() + from, live_.data() + from, to - from);
  }
}

// Blocks of an image: those that were durable, those of an allocation that survived, and those of
// surviving bytes. They may exceed the device's capacity by what `origin` had already freed.
void SimulatedContent::adopt_space(const SimulatedContent& origin, uint64_t allocated_size) {
  const auto bit = [](const Bitmap& map, uint64_t page) { return page < map.size() && map[page]; };
  const std::vector<std::byte>& bytes = durable_->bytes;
  allocated_.resize((bytes.size() + page_size - 1) / page_size);
  for (uint64_t page = 0; page < allocated_.size(); page++) {
    const uint64_t begin = page * page_size;
    allocated_[page] =
        bit(origin.durable_allocated_, page) ||
        (bit(origin.allocated_, page) &&
         (begin < allocated_size ||
          !zero_racing(bytes.data() + begin,
                       static_cast<size_t>(std::min(page_size, bytes.size() - begin)))));
    if (allocated_[page]) space_->used++;
  }
  durable_allocated_ = allocated_;
}

std::unique_ptr<SimulatedContent> SimulatedContent::after_crash(const CrashPlan& plan,
                                                                SeededRandom& random,
                                                                std::shared_ptr<DiskSpace> space) {
  check_mapped_stores();
  auto image = std::make_unique<SimulatedContent>(std::move(space));
  uint64_t allocated_size = 0;
  if (changes_.empty() && !maybe_stored_) {
    image->durable_ = durable_;
    durable_is_shared_ = image->durable_is_shared_ = true;
  } else {
    std::vector<std::byte>& bytes = image->durable_->bytes;
    bytes = durable_->bytes;
    SeededRandom* const tearing = plan.writes == CrashPlan::Keep::random ? &random : nullptr;
    for (const Change& change : changes_) {
      if (survives(plan.writes, random)) {
        apply(change, plan.tear, tearing, bytes);
        if (change.kind == Change::Kind::allocate)
          allocated_size = std::max(allocated_size, change.at);
      } else if (tearing && change.kind == Change::Kind::write && random.below(4) == 0) {
        // The new size became durable, the bytes did not.
        bytes.resize(std::max<uint64_t>(bytes.size(), change.at + change.bytes.size()));
      }
    }
    if (maybe_stored_ && plan.mapped != CrashPlan::Keep::none)
      keep_mapped_pages(plan, random, bytes);
  }
  image->size_ = image->durable_->bytes.size();
  image->adopt_space(*this, allocated_size);
  return image;
}

std::unique_ptr<SimulatedContent> SimulatedContent::after_kill(std::shared_ptr<DiskSpace> space) {
  check_mapped_stores();
  auto image = std::make_unique<SimulatedContent>(std::move(space));
  image->durable_ = durable_;
  durable_is_shared_ = image->durable_is_shared_ = true;
  image->size_ = size_;
  if (is_live_) {
    if (!image->live_.reserve(size_, size_) || !image->live_.extend(size_)) return nullptr;
    copy_racing(image->live_.data(), live_.data(), size_);
    image->is_live_ = true;
  }
  image->clean_ = clean_;
  image->changes_ = changes_;
  image->maybe_stored_ = maybe_stored_;
  image->allocated_ = allocated_;
  image->durable_allocated_ = durable_allocated_;
  image->space_->used +=
      static_cast<uint64_t>(std::count(allocated_.begin(), allocated_.end(), true));
  return image;
}

}  // namespace stave::os
