#include "tools/stave/json_object.h"

#include <nlohmann/json.hpp>

namespace stave::tool {

struct JsonObject::Members {
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
};

JsonObject::JsonObject() : members_(std::make_unique<Members>()) {}
JsonObject::~JsonObject() = default;

void JsonObject::set_text(const std::string& name, std::string_view value) {
  members_->object[name] = std::string(value);
}
void JsonObject::set_number(const std::string& name, uint64_t value) {
  members_->object[name] = value;
}
void JsonObject::set_real(const std::string& name, double value) {
  members_->object[name] = value;
}
void JsonObject::set_flag(const std::string& name, bool value) {
  members_->object[name] = value;
}

std::string JsonObject::line() const {
  constexpr auto lenient = nlohmann::ordered_json::error_handler_t::replace;
  return members_->object.dump(-1, ' ', false, lenient);
}

std::string json_string(std::string_view text) {
  return nlohmann::json(text).dump();
}

}  // namespace stave::tool
