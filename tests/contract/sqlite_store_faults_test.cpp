// The SQLite store on a disk that is full and on a file that cannot be written. Each in a process of its own, which
// mounts a small file system or gives up its rights; skipped where the system allows neither.
#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <fstream>

#include "tests/contract/child_process.h"
#include "tests/contract/store_fixture.h"

namespace orchestrator::store_test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

constexpr std::string_view not_allowed = "not allowed here: ";

// A file system of two megabytes over the folder, seen by this process alone and gone with it.
void mount_small_disk(const std::string& folder) {
    if (::unshare(::geteuid() == 0 ? CLONE_NEWNS : CLONE_NEWNS | CLONE_NEWUSER) != 0 ||
        ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("tmpfs", folder.c_str(), "tmpfs", 0, "size=2m") != 0)
        throw std::runtime_error{std::string{not_allowed} + "mounting a small disk"};
}

journal_entry large_entry(const claimed_run& run, int number) {
    auto entry = entry_for(run, {});
    entry.logs = {make_log(fmt::format("log {}", number))};
    entry.logs[0].data = fmt::format("\"{}\"", std::string(8'000, 'x'));
    return entry;
}

void fill_the_disk_and_free_it(const std::string& folder) {
    mount_small_disk(folder);
    const auto path = folder + "/orchestrator.db", ballast = folder + "/ballast";
    std::ofstream{ballast} << std::string(512 << 10, 'b');
    std::int64_t kept = 0;
    {
        const auto store = open_sqlite(path);
        expect(store->insert_workflow(make_workflow(1, "workflow_1")));
        expect(store->open_execution(make_execution(1)));
        expect(store->insert_runs(execution_no(1), {make_run(1)}, start));
        expect(store->renew_lease("host_1", std::chrono::seconds{1'000'000}, start));
        const auto run = expect(store->claim_runs("host_1", 1, start, {})).at(0);

        auto refused = ask(store->commit({large_entry(run, 0)}, start));
        for (; refused; refused = ask(store->commit({large_entry(run, int(kept))}, start))) {
            require(++kept < 1'000, "two megabytes take more than can be");
        }
        require(kept > 10, "the disk was full too early");
        require(refused.error().code == errc::store_full, "not store_full: " + refused.error().message);
        require(is_store_fault(refused.error().code), "a full disk must pass");
        require(refused.error().message.contains("disk is full"), refused.error().message);

        const auto logs = [&] {
            log_query all;
            all.limit = 10'000;
            return std::int64_t(expect(store->list_logs(execution_no(1), all)).size());
        };
        require(logs() == kept, "what was committed must still be read, and no more");
        require(!ask(store->commit({large_entry(run, 1)}, start)), "the disk is still full");

        ::unlink(ballast.c_str());
        auto last = large_entry(run, int(kept));
        last.steps = {make_record(run.claim.run, 0, step_status::completed)};
        last.outcome = ended(run_status::completed);
        require(expect(store->commit({last}, start)).refused.empty(), "the claim still holds");
        require(logs() == kept + 1, "work goes on by itself once there is room");
    }
    // Closing copied what it could of the log into the database: opening again needs some room of its own.
    require(::mount("tmpfs", folder.c_str(), "tmpfs", MS_REMOUNT, "size=8m") == 0, "cannot enlarge the disk");
    const auto store = open_sqlite(path);
    log_query all;
    all.limit = 10'000;
    const auto logs = expect(store->list_logs(execution_no(1), all));
    require(std::int64_t(logs.size()) == kept + 1, "a log was lost or doubled over the restart");
    for (std::int64_t i = 0; i <= kept; ++i) require(logs[std::size_t(i)].sequence == i + 1, "the sequence has a gap");
    require(expect(store->find_execution(execution_no(1))).steps.completed == 1, "a step counts once");
}

TEST(sqlite_store_faults, a_full_disk_is_told_loses_nothing_and_passes) {
    const scratch_folder folder;
    const auto problem =
        in_child([&] { fill_the_disk_and_free_it(std::filesystem::path{folder.file()}.parent_path()); });
    if (problem.starts_with(not_allowed)) GTEST_SKIP() << problem;
    EXPECT_EQ(problem, "");
}

TEST(sqlite_store_faults, a_disk_that_is_full_from_the_start_is_told) {
    const scratch_folder folder;
    const auto problem = in_child([&] {
        const auto mounted = std::filesystem::path{folder.file()}.parent_path();
        mount_small_disk(mounted);
        std::ofstream{mounted / "ballast"} << std::string(2 << 20, 'b');
        const auto opened = sqlite::store::open({.path = folder.file()});
        require(!opened, "it was opened");
        require(is_store_fault(opened.error().code), opened.error().message);
        std::filesystem::remove(mounted / "ballast");
        expect(open_sqlite(folder.file())->insert_workflow(make_workflow(1, "workflow_1")));
    });
    if (problem.starts_with(not_allowed)) GTEST_SKIP() << problem;
    EXPECT_EQ(problem, "");
}

TEST(sqlite_store_faults, a_read_only_file_is_told_and_can_be_opened_once_it_is_writable) {
    const scratch_folder folder;
    const auto path = folder.file();
    expect(open_sqlite(path)->insert_workflow(make_workflow(1, "workflow_1")));
    constexpr uid_t nobody = 65'534;
    const bool is_root = ::geteuid() == 0;
    if (is_root) {
        ASSERT_EQ(::chown(std::filesystem::path{path}.parent_path().c_str(), nobody, nobody), 0);
        for (const auto& file : {path, path + ".lock"}) ASSERT_EQ(::chown(file.c_str(), nobody, nobody), 0);
    }
    ASSERT_EQ(::chmod(path.c_str(), 0444), 0);
    EXPECT_EQ(in_child([&] {
                  if (is_root)
                      require(::setgroups(0, nullptr) == 0 && ::setgid(nobody) == 0 && ::setuid(nobody) == 0,
                              "no other user");
                  const auto opened = sqlite::store::open({.path = path});
                  require(!opened, "it was opened");
                  require(opened.error().code == errc::store_read_only, opened.error().message);
                  require(opened.error().message.contains(path), opened.error().message);
                  require(::chmod(path.c_str(), 0644) == 0, "cannot make it writable");
                  const auto store = open_sqlite(path);
                  require(expect(store->list_workflows()).size() == 1, "the workflow is lost");
                  expect(store->insert_workflow(make_workflow(2, "workflow_2")));
              }),
              "");
}

}  // namespace
}  // namespace orchestrator::store_test
