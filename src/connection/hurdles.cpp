// SPDX-License-Identifier: MIT

#include "connection/hurdles.hpp"

#include <algorithm>
#include <utility>

namespace mqtt_tools::connection {

void Hurdles::add(std::size_t endpoint, Hurdle hurdle, std::string text) {
  notes_.push_back({endpoint, hurdle, std::move(text)});
}

Failure Hurdles::failure(std::size_t endpoints) const {
  Failure failure;
  failure.lasting = true;
  std::vector<std::string> texts;
  for (std::size_t endpoint = 0; endpoint < endpoints; ++endpoint) {
    auto furthest = Hurdle::unreachable;
    for (const auto& note : notes_) {
      if (note.endpoint == endpoint) furthest = std::max(furthest, note.hurdle);
    }
    failure.lasting = failure.lasting && furthest == Hurdle::lasting;
    for (const auto& note : notes_) {
      if (note.endpoint != endpoint || note.hurdle != furthest) continue;
      if (std::find(texts.begin(), texts.end(), note.text) == texts.end()) {
        texts.push_back(note.text);
      }
    }
  }
  failure.text = "cannot reach ";
  for (std::size_t i = 0; i < texts.size(); ++i) failure.text += (i == 0 ? "" : "; ") + texts[i];
  return failure;
}

}  // namespace mqtt_tools::connection
