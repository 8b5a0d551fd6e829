#include "api/patch.h"

#include <charconv>

#include "api/text.h"
#include "base/error.h"

namespace ferrite::api {
namespace {

std::string_view op_name(PatchStep::Op op) {
    switch (op) {
        case PatchStep::Op::add:
            return "add";
        case PatchStep::Op::replace:
            return "replace";
        case PatchStep::Op::remove:
            return "remove";
    }
    return "";
}

bool is_word(std::string_view text) {
    for (char c : text) {
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c & 0x80);
        if (!letter && !(c >= '0' && c <= '9') && c != '_' && c != '-') return false;
    }
    return !text.empty();
}

/// The word that an element of a JSON pointer stands for; nothing when it is none.
std::optional<std::string> unescaped(std::string_view element) {
    std::string word;
    for (std::size_t i = 0; i < element.size(); ++i) {
        if (element[i] != '~') {
            word += element[i];
            continue;
        }
        if (++i == element.size() || (element[i] != '0' && element[i] != '1')) return std::nullopt;
        word += element[i] == '0' ? '~' : '/';
    }
    return word;
}

std::optional<std::string> path_word(std::string_view element, PatchPaths paths) {
    if (paths == PatchPaths::pointers) return unescaped(element);
    return is_word(element) ? std::optional(std::string(element)) : std::nullopt;
}

std::vector<std::string> read_path(const Json& value, std::size_t index, PatchPaths paths) {
    if (!value.is_string())
        throw InvalidValue(fmt::format("Step {} of the patch needs a path, as text.", index));
    std::string_view text = value.get_string();
    std::vector<std::string> path;
    bool good = text.starts_with('/');
    if (good)
        for (auto element : split(text.substr(1), '/')) {
            auto word = path_word(element, paths);
            good = good && word;
            path.push_back(word.value_or(""));
        }
    if (!good)
        throw InvalidValue(fmt::format(
            "Step {} of the patch has the path '{}': a path is one or more {}, each with a '/' in "
            "front.",
            index, text.substr(0, 100),
            paths == PatchPaths::words ? "words of letters, digits, '_' and '-'"
                                       : "keys, with ~0 for '~' and ~1 for '/' in them"));
    return path;
}

PatchStep::Op read_op(const Json& value, std::size_t index) {
    if (value.is_string()) {
        std::string_view name = value.get_string();
        for (auto op : {PatchStep::Op::add, PatchStep::Op::replace, PatchStep::Op::remove})
            if (op_name(op) == name) return op;
    }
    throw InvalidValue(
        fmt::format("Step {} of the patch needs an op: add, replace or remove.", index));
}

PatchStep read_step(const Json& item, std::size_t index, PatchPaths paths) {
    if (!item.is_object())
        throw InvalidValue(fmt::format("Step {} of the patch must be an object.", index));
    for (const auto& entry : item.get_object()) {
        std::string_view key = entry.key();
        if (key != "op" && key != "path" && key != "value")
            throw InvalidValue(
                fmt::format("Step {} of the patch has '{}': a step has op, path and value only.",
                            index, key.substr(0, 100)));
    }
    PatchStep step;
    step.op = read_op(member(item, "op"), index);
    step.path = read_path(member(item, "path"), index, paths);
    if (const auto* value = item.get_object().if_contains("value")) step.value = *value;
    return step;
}

[[noreturn]] void refuse(const PatchStep& step, std::string_view why) {
    throw InvalidValue(fmt::format("The patch step '{}' can not be done: {}.", step.text(), why));
}

/// The element of `array` that `word` names; its size for "-" and for the place behind the last.
std::size_t array_index(const PatchStep& step, const JsonArray& array, std::string_view word) {
    if (word == "-") return array.size();
    std::size_t index = 0;
    auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), index);
    bool number = error == std::errc() && end == word.data() + word.size();
    if (!number || (word.size() > 1 && word[0] == '0'))
        refuse(step, fmt::format("'{}' is no place in a list", word));
    if (index > array.size()) refuse(step, fmt::format("the list has no element {}", word));
    return index;
}

/// The container that holds what the path names.
Json& holder(Json& root, const PatchStep& step) {
    Json* at = &root;
    for (std::size_t i = 1; i + 1 < step.path.size(); ++i) {
        const auto& word = step.path[i];
        if (at->is_object() && at->get_object().contains(word)) {
            at = &at->get_object().at(word);
        } else if (at->is_array()) {
            auto index = array_index(step, at->get_array(), word);
            if (index >= at->get_array().size())
                refuse(step, fmt::format("the list has no element {}", word));
            at = &at->get_array()[index];
        } else {
            refuse(step, fmt::format("there is no '{}'", word));
        }
    }
    return *at;
}

void apply_to_object(JsonObject& object, const PatchStep& step) {
    const auto& key = step.path.back();
    if (step.op != PatchStep::Op::add && !object.contains(key))
        refuse(step, fmt::format("there is no '{}'", key));
    if (step.op == PatchStep::Op::remove)
        object.erase(key);
    else
        object[key] = *step.value;
}

void apply_to_array(JsonArray& array, const PatchStep& step) {
    auto index = array_index(step, array, step.path.back());
    if (step.op != PatchStep::Op::add && index >= array.size())
        refuse(step, fmt::format("the list has no element {}", step.path.back()));
    auto place = array.begin() + static_cast<std::ptrdiff_t>(index);
    if (step.op == PatchStep::Op::add)
        array.insert(place, *step.value);
    else if (step.op == PatchStep::Op::replace)
        array[index] = *step.value;
    else
        array.erase(place);
}

}  // namespace

std::string PatchStep::text() const {
    auto text = fmt::format("{} ", op_name(op));
    for (const auto& word : path) text += "/" + word;
    if (text.size() > 200) text = text.substr(0, 200) + "...";
    return text;
}

std::vector<PatchStep> read_patch(const Json& body, PatchPaths paths) {
    if (!body.is_array())
        throw InvalidValue("A patch is a JSON list of steps {op, path, value}: send one.");
    std::vector<PatchStep> steps;
    for (const auto& item : body.get_array()) steps.push_back(read_step(item, steps.size(), paths));
    return steps;
}

void apply_patch(JsonObject& document, const std::vector<PatchStep>& steps) {
    for (const auto& step : steps) {
        if (step.op != PatchStep::Op::remove && !step.value) refuse(step, "it has no value");
        if (step.whole_field()) {
            apply_to_object(document, step);
            continue;
        }
        auto* root = document.if_contains(step.root());
        if (!root) refuse(step, fmt::format("there is no '{}'", step.root()));
        auto& container = holder(*root, step);
        if (container.is_object())
            apply_to_object(container.get_object(), step);
        else if (container.is_array())
            apply_to_array(container.get_array(), step);
        else
            refuse(step, "its path leads into a value that is neither an object nor a list");
    }
}

}  // namespace ferrite::api
