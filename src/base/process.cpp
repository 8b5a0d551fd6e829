#include "base/process.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>

#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <fmt/core.h>
#include <signal.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/unique_fd.h"

extern char** environ;

namespace asio = boost::asio;

namespace ferrite {
namespace {

[[noreturn]] void fail(const std::string& program, std::string_view what, int cause) {
    throw Error(500, "process",
                fmt::format("Could not run {}: {}: {}", program, what,
                            std::generic_category().message(cause)));
}

struct Pipe {
    UniqueFd read;
    UniqueFd write;
};

/// A pipe of which the parent's end does not block; the child's end is an ordinary one.
enum class ParentEnd { reads, writes };

Pipe make_pipe(const std::string& program, ParentEnd parent) {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail(program, "pipe", errno);
    Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
    ::fcntl(parent == ParentEnd::reads ? ends[0] : ends[1], F_SETFL, O_NONBLOCK);
    return pipe;
}

/// The program as posix_spawnp would find it. Throws when it would not.
std::string find_program(const std::string& name) {
    if (name.find('/') != name.npos) {
        if (::access(name.c_str(), X_OK) != 0) fail(name, "start", errno);
        return name;
    }
    const char* variable = std::getenv("PATH");
    std::string_view path = variable ? variable : "/bin:/usr/bin";
    while (!path.empty()) {
        auto folder = path.substr(0, path.find(':'));
        path.remove_prefix(std::min(folder.size() + 1, path.size()));
        auto candidate = std::string(folder) + "/" + name;
        if (!folder.empty() && ::access(candidate.c_str(), X_OK) == 0) return candidate;
    }
    fail(name, "start", ENOENT);
}

/// A running child. When dropped half-way (the runtime stops) it kills and reaps the child.
class Child {
public:
    explicit Child(ProcessOptions options) : options_(std::move(options)) {}
    ~Child();
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;

    void start();

    /// Readable as soon as there is something to do in turn().
    int events() const { return epoll_.get(); }

    /// Moves what can be moved; true when the child is gone.
    bool turn();

    ProcessResult take_result() { return std::move(result_); }

private:
    void spawn(Pipe& input, Pipe& output, Pipe& errors);
    void limit_memory();
    void arm_timer();
    void watch(int fd, std::uint32_t events);
    void write_input();
    void read_into(UniqueFd& pipe, std::string& text);
    void kill_group();
    void reap();

    ProcessOptions options_;
    ProcessResult result_;
    std::size_t written_ = 0;
    pid_t pid_ = -1;
    UniqueFd epoll_, exited_, timer_, input_, output_, errors_;
};

Child::~Child() {
    if (pid_ < 0) return;
    kill_group();
    reap();
}

void Child::start() {
    if (options_.argv.empty()) throw Error(500, "process", "Could not run a program without name.");
    const auto program = options_.argv.front();
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    if (!epoll_) fail(program, "epoll", errno);

    auto input = make_pipe(program, ParentEnd::writes);
    auto output = make_pipe(program, ParentEnd::reads);
    auto errors = make_pipe(program, ParentEnd::reads);
    limit_memory();
    spawn(input, output, errors);

    exited_.reset(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
    if (!exited_) fail(program, "pidfd_open", errno);
    input_ = std::move(input.write);
    output_ = std::move(output.read);
    errors_ = std::move(errors.read);
    arm_timer();
    watch(exited_.get(), EPOLLIN);
    watch(output_.get(), EPOLLIN);
    watch(errors_.get(), EPOLLIN);
    if (options_.input.empty()) {
        input_.reset();
    } else {
        watch(input_.get(), EPOLLOUT);
    }
}

void Child::spawn(Pipe& input, Pipe& output, Pipe& errors) {
    std::vector<char*> argv;
    for (auto& word : options_.argv) argv.push_back(word.data());
    argv.push_back(nullptr);

    // An added variable stands in front of, and so hides, a present one of the same name.
    std::vector<char*> environment;
    for (auto& line : options_.environment) environment.push_back(line.data());
    for (char** line = environ; *line; ++line) {
        std::string_view present(*line);
        auto name = present.substr(0, present.find('=') + 1);
        bool hidden =
            std::any_of(options_.environment.begin(), options_.environment.end(),
                        [&](const std::string& added) { return added.starts_with(name); });
        if (!hidden) environment.push_back(*line);
    }
    environment.push_back(nullptr);

    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, input.read.get(), STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions, output.write.get(), STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions, errors.write.get(), STDERR_FILENO);

    // A group of its own, to be killed as one; and signals as a program expects to find them.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    posix_spawnattr_setpgroup(&attributes, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes, &signals);

    int cause =
        ::posix_spawnp(&pid_, argv[0], &actions, &attributes, argv.data(), environment.data());
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    if (cause != 0) {
        pid_ = -1;
        fail(options_.argv.front(), "start", cause);
    }
}

/// posix_spawn cannot set limits, and set from here they may come after the program's first
/// allocations; so prlimit(1) of util-linux sets them on itself and becomes the program.
void Child::limit_memory() {
    if (options_.memory_limit_bytes == 0) return;
    auto& argv = options_.argv;
    argv.front() = find_program(argv.front());
    argv.insert(argv.begin(),
                {"prlimit", fmt::format("--as={}", options_.memory_limit_bytes), "--"});
}

void Child::arm_timer() {
    auto timeout = std::max(options_.timeout, std::chrono::milliseconds(1));
    auto seconds = std::chrono::duration_cast<std::chrono::seconds>(timeout);
    itimerspec when{};
    when.it_value.tv_sec = seconds.count();
    when.it_value.tv_nsec = std::chrono::nanoseconds(timeout - seconds).count();
    timer_.reset(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK));
    if (!timer_) fail(options_.argv.front(), "timerfd", errno);
    ::timerfd_settime(timer_.get(), 0, &when, nullptr);
    watch(timer_.get(), EPOLLIN);
}

void Child::watch(int fd, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    if (::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0)
        fail(options_.argv.front(), "epoll", errno);
}

bool Child::turn() {
    std::array<epoll_event, 8> events;
    int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 0);
    bool exited = false;
    for (int i = 0; i < count; ++i) {
        int fd = events[static_cast<std::size_t>(i)].data.fd;
        if (fd == exited_.get()) exited = true;
        if (fd == input_.get()) write_input();
        if (fd == output_.get()) read_into(output_, result_.output);
        if (fd == errors_.get()) read_into(errors_, result_.error_output);
        if (fd == timer_.get()) {
            result_.timed_out = true;
            timer_.reset();
            kill_group();
        }
    }
    if (!exited) return false;
    // Whatever the child left running goes with it; what they wrote is still in the pipes.
    kill_group();
    read_into(output_, result_.output);
    read_into(errors_, result_.error_output);
    reap();
    return true;
}

void Child::write_input() {
    const auto& text = options_.input;
    while (written_ < text.size()) {
        auto size = ::write(input_.get(), text.data() + written_, text.size() - written_);
        if (size < 0 && errno == EAGAIN) return;
        if (size < 0) break;  // the child does not want it
        written_ += static_cast<std::size_t>(size);
    }
    input_.reset();
}

/// Reads until the pipe is empty or at its end; keeps no more than the limit.
void Child::read_into(UniqueFd& pipe, std::string& text) {
    std::array<char, 16 * 1024> chunk;
    for (int turns = 0; pipe && turns < 64; ++turns) {
        auto size = ::read(pipe.get(), chunk.data(), chunk.size());
        if (size < 0 && (errno == EAGAIN || errno == EINTR)) return;
        if (size <= 0) return pipe.reset();
        auto room = options_.max_output_bytes - std::min(options_.max_output_bytes, text.size());
        text.append(chunk.data(), std::min(static_cast<std::size_t>(size), room));
    }
}

/// Safe from hitting a stranger: until it is reaped, the child's number is not given away.
void Child::kill_group() {
    ::kill(-pid_, SIGKILL);
}

void Child::reap() {
    int status = 0;
    while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) {
    }
    pid_ = -1;
    result_.exit_code = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

Task<ProcessResult> run_process(ProcessOptions options) {
    Child child(std::move(options));
    child.start();

    // The child's pipes, its end and its deadline are behind one descriptor, so that one coroutine
    // serves them all, one after the other.
    asio::posix::stream_descriptor events(co_await asio::this_coro::executor,
                                          ::fcntl(child.events(), F_DUPFD_CLOEXEC, 0));
    while (!child.turn()) {
        co_await events.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
    }
    co_return child.take_result();
}

}  // namespace ferrite
