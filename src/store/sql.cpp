#include "store/sql.h"

#include "store/dialect.h"

namespace ferrite::store {
namespace {

/// Statements differ by the columns they touch; past this many the cache starts anew.
constexpr std::size_t kMaxStatements = 512;

}  // namespace

Query::Query(Sql& db, std::string_view text) : db_(db), statement_(db.take(text)) {}

Query::~Query() {
    statement_->reset();
    db_.give_back(std::move(statement_));
}

std::int64_t Query::run() {
    while (step()) {
    }
    return statement_->changed();
}

Sql::Sql() = default;

Sql::~Sql() = default;

void Sql::begin(Mode mode) {
    harm_ = Harm::none;
    Query(*this, mode == Mode::read_write ? dialect().begin_write() : dialect().begin_read()).run();
}

void Sql::commit() {
    Query(*this, "COMMIT").run();
}

void Sql::rollback() {
    Query(*this, "ROLLBACK").run();
}

std::unique_ptr<Statement> Sql::take(std::string_view text) {
    auto known = idle_.find(text);
    if (known == idle_.end()) return prepare(text);
    auto statement = std::move(known->second);
    idle_.erase(known);
    return statement;
}

void Sql::give_back(std::unique_ptr<Statement> statement) {
    if (idle_.size() >= kMaxStatements) forget_statements();
    std::string_view text = statement->text();
    idle_.emplace(text, std::move(statement));
}

}  // namespace ferrite::store
