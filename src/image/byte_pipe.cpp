#include "image/byte_pipe.h"

#include <algorithm>
#include <cstring>
#include <new>

namespace ferrite::image {

AlignedBuffer make_aligned_buffer(std::size_t bytes) {
    constexpr std::size_t kPage = 4096;
    auto rounded = (bytes + kPage - 1) / kPage * kPage;
    auto* memory = static_cast<std::uint8_t*>(std::aligned_alloc(kPage, rounded));
    if (memory == nullptr) throw std::bad_alloc();
    return AlignedBuffer(memory);
}

BytePipe::BytePipe(std::size_t stretch_bytes, unsigned stretches)
    : stretch_bytes_(stretch_bytes), stretches_(stretches) {
    MutexLock lock(mutex_);
    for (auto& stretch : stretches_) {
        stretch.memory = make_aligned_buffer(stretch_bytes);
        free_.push_back(&stretch);
    }
}

bool BytePipe::write(ByteView bytes) {
    while (!bytes.empty()) {
        if (filling_ == nullptr) {
            MutexLock lock(mutex_);
            filling_ = take_free();
            if (filling_ == nullptr) return false;
        }
        auto count = std::min(bytes.size(), stretch_bytes_ - filling_->used);
        std::memcpy(filling_->memory.get() + filling_->used, bytes.data(), count);
        filling_->used += count;
        bytes = bytes.subspan(count);
        if (filling_->used < stretch_bytes_) continue;
        MutexLock lock(mutex_);
        full_.push_back(filling_);
        filling_ = nullptr;
        changed_.notify_all();
    }
    MutexLock lock(mutex_);
    return !stopped_;
}

void BytePipe::finish() {
    MutexLock lock(mutex_);
    if (filling_ != nullptr) full_.push_back(filling_);
    filling_ = nullptr;
    finished_ = true;
    changed_.notify_all();
}

void BytePipe::abort() {
    MutexLock lock(mutex_);
    aborted_ = true;
    finished_ = true;
    full_.clear();
    changed_.notify_all();
}

ByteView BytePipe::read() {
    MutexLock lock(mutex_);
    if (reading_ != nullptr) {
        free_.push_back(reading_);
        reading_ = nullptr;
        changed_.notify_all();
    }
    while (full_.empty() && !finished_) changed_.wait(mutex_);
    if (full_.empty()) return {};
    reading_ = full_.front();
    full_.pop_front();
    return {reading_->memory.get(), reading_->used};
}

void BytePipe::stop() {
    MutexLock lock(mutex_);
    stopped_ = true;
    changed_.notify_all();
}

bool BytePipe::aborted() const {
    MutexLock lock(mutex_);
    return aborted_;
}

/// None once the reader stopped.
BytePipe::Stretch* BytePipe::take_free() {
    while (free_.empty() && !stopped_) changed_.wait(mutex_);
    if (stopped_) return nullptr;
    auto* stretch = free_.front();
    free_.pop_front();
    stretch->used = 0;
    return stretch;
}

}  // namespace ferrite::image
