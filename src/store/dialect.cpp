#include "store/dialect.h"

#include <algorithm>
#include <cctype>

namespace ferrite::store {
namespace {

/// Reads a statement from left to right and writes it anew.
class Speller {
public:
    Speller(std::string_view text, const Spelling& spelling) : text_(text), spelling_(spelling) {}

    Spelled spell() {
        while (at_ < text_.size()) {
            char c = text_[at_];
            if (c == '\'' || c == '"')
                quoted(c);
            else if (c == '?')
                parameter();
            else if (text_.substr(at_).starts_with("LIKE ?"))
                like();
            else if (is_unary_plus())
                ++at_;
            else
                result_.sql += text_[at_++];
        }
        return std::move(result_);
    }

private:
    void quoted(char quote) {
        auto end = std::min(text_.find(quote, at_ + 1), text_.size() - 1);
        result_.sql += text_.substr(at_, end + 1 - at_);
        at_ = end + 1;
    }

    /// In front of a name, and not between two things that it would add.
    bool is_unary_plus() const {
        if (text_[at_] != '+' || at_ + 1 == text_.size() || at_ == 0) return false;
        char before = text_[at_ - 1], after = text_[at_ + 1];
        return (before == ' ' || before == '(') &&
               (after == '"' || std::isalpha(static_cast<unsigned char>(after)));
    }

    void parameter() {
        int number = 0;
        for (++at_; at_ < text_.size() && std::isdigit(static_cast<unsigned char>(text_[at_]));
             ++at_)
            number = number * 10 + (text_[at_] - '0');
        place(number > 0 ? number - 1 : next_++);
    }

    void place(int parameter) {
        auto& known = result_.parameters;
        if (!spelling_.numbered) {
            known.push_back(parameter);
            result_.sql += '?';
            return;
        }
        auto found = std::ranges::find(known, parameter);
        if (found == known.end()) found = known.insert(found, parameter);
        result_.sql += '$' + std::to_string(found - known.begin() + 1);
    }

    void like() {
        at_ += std::string_view("LIKE ").size();
        auto mark = spelling_.like.find('?');
        result_.sql += spelling_.like.substr(0, mark);
        parameter();
        result_.sql += spelling_.like.substr(mark + 1);
    }

    std::string_view text_;
    const Spelling& spelling_;
    std::size_t at_ = 0;
    int next_ = 0;  ///< The parameter that the next `?` without a number stands for.
    Spelled result_;
};

}  // namespace

Spelled spell(std::string_view text, const Spelling& spelling) {
    return Speller(text, spelling).spell();
}

}  // namespace ferrite::store
