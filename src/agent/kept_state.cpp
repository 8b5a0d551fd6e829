#include "agent/kept_state.h"

#include <fcntl.h>
#include <unistd.h>

#include "agent/machine_files.h"
#include "base/error.h"
#include "base/json.h"
#include "base/log.h"
#include "base/unique_fd.h"

namespace ferrite::agent {
namespace {

constexpr auto kFile = "state.json";

bool write_private(const std::filesystem::path& path, std::string_view text) {
    UniqueFd file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    return file &&
           ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

}  // namespace

KeptState load_state(const std::filesystem::path& directory) {
    KeptState state;
    auto text = read_text(directory / kFile);
    if (!text) return state;
    try {
        auto document = parse_json(*text);
        state.token = Secret(string_member(document, "token"));
        state.address = string_member(document, "address");
        state.certificate = {string_member(document, "certificate"),
                             Secret(string_member(document, "key"))};
    } catch (const InvalidValue& error) {
        log_warning("AGENT_STATE_UNREADABLE", "cause=\"{}\"", error.message());
    }
    return state;
}

void save_state(const std::filesystem::path& directory, const KeptState& state) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    auto text = to_text(JsonObject{{"token", state.token.reveal()},
                                   {"address", state.address},
                                   {"certificate", state.certificate.certificate_pem},
                                   {"key", state.certificate.key_pem.reveal()}});
    auto temporary = directory / "state.new";
    bool written = write_private(temporary, text);
    if (written) std::filesystem::rename(temporary, directory / kFile, error);
    if (!written || error)
        log_warning("AGENT_STATE_NOT_KEPT", "directory={} cause=\"{}\"", directory.string(),
                    error ? error.message() : "cannot write");
}

}  // namespace ferrite::agent
